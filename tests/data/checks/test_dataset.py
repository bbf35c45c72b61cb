"""The doctor's figures and sentences, on a data set made for each fault."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import photos, scene, shared, video
from limner.data.checks.dataset import CheckReport, check_dataset, write_contact_sheet
from limner.errors import LimnerError
from limner.mark import read_image_mark


def finding(report: CheckReport, words: str) -> str:
    """The level of the finding whose sentence contains these words; empty if there is none."""
    levels = [found.level for found in report.findings if words in found.sentence]
    assert len(levels) <= 1
    return levels[0] if levels else ""


def test_a_good_set_has_no_problem(tmp_path: Path) -> None:
    report = check_dataset([photos(tmp_path, 120, size=(90, 70))], pixels=32)
    assert not report.has_problem
    assert finding(report, "120 pictures can be used") == "note"
    assert finding(report, "Short sides are 70 to 70") == "good"
    assert report.stats.vendi_score > 50
    assert not {"warning", "problem"} & {found.level for found in report.findings}


def test_the_estimated_size_equals_the_store_s(tmp_path: Path) -> None:
    from limner.data.prepare import prepare
    from limner.progress import no_progress

    source = photos(tmp_path / "in", 5, size=(90, 70))
    video(source / "a.mp4")
    report = check_dataset([source], pixels=32, frames=7)
    pictures, prepared = prepare([source], tmp_path / "store", pixels=32, frames=7, progress=no_progress)
    assert report.stats.store_bytes == prepared.bytes
    assert report.stats.pictures == len(pictures)


def test_one_picture_is_a_problem(tmp_path: Path) -> None:
    report = check_dataset([photos(tmp_path, 1)], pixels=32)
    assert report.has_problem
    assert finding(report, "1 picture can be used") == "problem"


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    photos(tmp_path, 3)
    (tmp_path / "text.jpg").write_text("hello")
    report = check_dataset([tmp_path], pixels=32)
    assert finding(report, "text.jpg is a text file, not a picture") == "warning"
    for path in tmp_path.glob("photo*"):
        path.unlink()
    assert check_dataset([tmp_path]).has_problem


def test_small_pictures_give_a_warning(tmp_path: Path) -> None:
    source = photos(tmp_path, 3, size=(60, 40))
    assert finding(check_dataset([source], pixels=64), "fewer than the 64") == "warning"
    assert finding(check_dataset([source], pixels=36), "leave room to crop") == "note"


def test_copies_at_another_size_and_quality_are_found(tmp_path: Path) -> None:
    photos(tmp_path, 20, size=(90, 70))
    copy = Image.open(tmp_path / "photo-007.jpg").resize((64, 50))
    copy.save(tmp_path / "small.jpg", quality=40)
    report = check_dataset([tmp_path], pixels=32)
    assert report.stats.near_duplicates == (("photo-007.jpg", "small.jpg"),)
    assert finding(report, "photo-007.jpg = small.jpg") == "note"


def test_a_set_of_one_repeated_picture_gives_a_warning(tmp_path: Path) -> None:
    for at in range(12):
        scene(60, 50, seed=1).point(lambda v, at=at: min(255, v + at)).save(tmp_path / f"{at}.png")
    report = check_dataset([tmp_path], pixels=32)
    assert report.stats.vendi_score < 1.2
    assert finding(report, "one picture over and over") == "warning"


def test_predictable_and_unpredictable_colour(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    predictable, unpredictable = tmp_path / "predictable", tmp_path / "unpredictable"
    for at in range(80):
        grey = np.asarray(scene(48, 48, seed=at).convert("L"), np.float32)
        warm = np.stack([grey, 0.6 * grey, 255 - grey], axis=-1)
        tint = rng.uniform(-80, 80, 3)
        for folder, pixels in ((predictable, warm), (unpredictable, grey[..., None] + tint - tint.mean())):
            folder.mkdir(exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{at}.png")
    one, other = check_dataset([predictable], pixels=32), check_dataset([unpredictable], pixels=32)
    assert one.stats.colour_predictability > 0.3 > other.stats.colour_predictability
    assert finding(one, "Brightness predicts") == "good"


def test_some_grey_pictures_and_only_grey_pictures(tmp_path: Path) -> None:
    photos(tmp_path, 10)
    for at in range(3):
        path = tmp_path / f"photo-00{at}.jpg"
        Image.open(path).convert("L").save(path)
    assert finding(check_dataset([tmp_path], pixels=32), "grey among others") == "warning"
    for path in tmp_path.iterdir():
        Image.open(path).convert("L").save(path)
    assert finding(check_dataset([tmp_path], pixels=32), "The pictures are grey") == "note"


def test_black_blank_barred_and_long_pictures(tmp_path: Path) -> None:
    photos(tmp_path, 10)
    Image.new("RGB", (60, 60)).save(tmp_path / "black.png")
    Image.new("RGB", (60, 60), "white").save(tmp_path / "blank.png")
    barred = Image.new("RGB", (80, 80))
    barred.paste(scene(80, 50, seed=77), (0, 15))
    barred.save(tmp_path / "barred.png")
    scene(600, 60, seed=78).save(tmp_path / "long.png")
    report = check_dataset([tmp_path], pixels=32)
    assert finding(report, "nearly black: black.png") == "warning"
    assert finding(report, "blank or nearly so: blank.png") == "warning"
    assert finding(report, "entirely black edge: barred.png") == "note"
    assert finding(report, "times as long as wide: long.png") == "note"


def test_only_black_pictures_are_a_problem(tmp_path: Path) -> None:
    for at in range(4):
        Image.new("RGB", (60 + at, 60)).save(tmp_path / f"{at}.png")
    assert check_dataset([tmp_path], pixels=32).has_problem


def test_pairs_and_missing_partners(tmp_path: Path) -> None:
    photos(tmp_path / "a", 4)
    photos(tmp_path / "b", 3)
    report = check_dataset([tmp_path / "a"], inputs=tmp_path / "b", pixels=32)
    assert report.stats.pictures == 3
    assert finding(report, "photo-003.jpg has no partner") == "warning"


def test_a_missing_folder_gives_an_error(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="no file or folder"):
        check_dataset([tmp_path / "missing"])


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    report = check_dataset([photos(tmp_path, 12)], pixels=32)
    read = json.loads(json.dumps(report.to_json()))
    assert (read["pictures"], read["problem"]) == (12, False)
    assert {"level", "sentence", "advice"} == read["findings"][0].keys()
    assert len(report.sentences()) == len(report.findings)


def test_the_contact_sheet_shows_the_pictures(tmp_path: Path) -> None:
    report = check_dataset([photos(tmp_path / "in", 20)], pixels=32)
    write_contact_sheet(report, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (16 * 100 + 4, 2 * 100 + 4)
        assert np.asarray(sheet).std() > 20
    with pytest.raises(LimnerError, match="neither"):
        write_contact_sheet(report, tmp_path / "sheet.txt")
    with pytest.raises(LimnerError, match="cannot be written"):
        write_contact_sheet(report, tmp_path / "sheet.png" / "sheet.png")
    write_contact_sheet(report, tmp_path / "new" / "sheet.JPG")
    for name in ("sheet.png", "new/sheet.JPG"):
        assert read_image_mark(tmp_path / name) == "contact sheet"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "new", "sheet.png"]


def test_real_sets_give_the_documented_figures() -> None:
    sunsets = check_dataset([shared("sunrise")])
    assert not sunsets.has_problem
    assert 20 <= sum(len(group) - 1 for group in sunsets.stats.near_duplicates) <= 26
    assert sunsets.stats.vendi_score == pytest.approx(183, abs=5)
    assert sunsets.stats.colour_predictability == pytest.approx(0.28, abs=0.03)
    portraits = check_dataset([shared("faces")])
    assert portraits.stats.near_duplicates == ()
    assert portraits.stats.vendi_score == pytest.approx(62, abs=3)
    timelapse = check_dataset([shared("clips") / "flower.mp4"])
    assert finding(timelapse, "as in one take of a video") == "note"
