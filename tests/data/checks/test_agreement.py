"""The doctor and the store agree: on the number of pictures, on copies, and on every file passed over."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from helpers.files import animation, photos, scene, sound, video
from helpers.stores import prepare_store
from limner import mark
from limner.cli.main import main
from limner.data.checks.dataset import check_dataset
from limner.data.pairs import Side
from limner.data.report import describe_skipped


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of fault."""
    folder = photos(tmp_path_factory.mktemp("nasty"), 4, size=(101, 67))
    whole = (folder / "photo-000.jpg").read_bytes()
    shutil.copy(folder / "photo-001.jpg", folder / "copy.jpg")
    shutil.copy(video(folder / "clip.mp4", frames=7), folder / "copy.mp4")
    shutil.copy(animation(folder / "a.gif", durations=(100,) * 5, size=(90, 60)), folder / "copy.gif")
    (folder / "cut.mp4").write_bytes((folder / "clip.mp4").read_bytes()[:900])
    moving = [scene(60, 60, seed) for seed in range(4)]
    moving[0].save(folder / "cut.gif", save_all=True, append_images=moving[1:])
    (folder / "cut.gif").write_bytes((folder / "cut.gif").read_bytes()[:-2000])
    (folder / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "half-too.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("hello")
    (folder / "empty.png").write_bytes(b"")
    (folder / "b.nef").write_bytes(bytes(300))
    (folder / "c.svg").write_text("<svg/>")
    (folder / "notes.txt").write_text("a text")
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    os.mkfifo(folder / "pipe.jpg")
    sound(folder / "sound.mp4")
    scene(1, 40).save(folder / "narrow.png")
    scene(900, 50).save(folder / "long.jpg")
    scene(40, 30).save(folder / "named.HEIC", "JPEG")
    pages = [scene(60, 50, seed) for seed in (7, 8)]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    marked = {"contact sheet.png": "PNG", "painting.jpeg": "JPEG", "drawing.png": "PNG"}
    for seed, (name, image_format) in enumerate(marked.items(), start=50):
        options = mark.save_options(image_format, Path(name).stem)  # type: ignore[arg-type]
        scene(60, 50, seed).save(folder / name, **options)
    film = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    options = mark.save_options("GIF", "film")
    film[0].save(folder / "film.gif", save_all=True, append_images=film[1:], **options)
    return folder


def agree(folder: Path, store: Path, **options: object) -> tuple[int, dict[str, str]]:
    """What both say: the number of pictures and the skipped files."""
    report = check_dataset([folder], pixels=32, **options)  # type: ignore[arg-type]
    pictures, prepared = prepare_store(store, folder, **options)  # type: ignore[arg-type]
    stats = report.stats
    assert (stats.pictures, stats.duplicates) == (len(pictures), prepared.duplicates)
    assert (stats.videos, stats.first_pages) == (prepared.videos, prepared.first_pages)
    assert stats.store_bytes == prepared.bytes
    assert stats.damaged == prepared.damaged
    assert sorted(stats.skipped) == sorted(prepared.skipped)
    # An unchanged folder gets the same report from the store that is there.
    _, again = prepare_store(store, folder, **options)  # type: ignore[arg-type]
    assert (again.decoded, sorted(again.skipped)) == (0, sorted(prepared.skipped))
    assert again.damaged == prepared.damaged
    return len(pictures), dict(stats.skipped)


def test_on_a_folder_with_every_kind_of_fault(nasty: Path, tmp_path: Path) -> None:
    pictures, skipped = agree(nasty, tmp_path / "store", frames=4)
    stills = {f"photo-00{at}.jpg" for at in range(4)}
    stills |= {"drawing.png", "narrow.png", "long.jpg", "named.HEIC", "pages.tif"}
    # Both ends of each frame of the clip and the animation, and what is left of the one that is cut off.
    assert pictures == len(stills) + 2 * 4 + 2 * 4 + 3
    damaged = {"cut.mp4", "empty.png", "half.jpg", "half-too.jpg", "text.jpg"}
    special = {"gone.jpg", "pipe.jpg", "sound.mp4"}
    of_limner = {"contact sheet.png", "painting.jpeg", "film.gif"}
    assert set(skipped) == {"b.nef", "c.svg"} | damaged | special | of_limner


@pytest.mark.parametrize("side", ["left", "right"])
def test_on_pairs_side_by_side(nasty: Path, tmp_path: Path, side: Side) -> None:
    _, skipped = agree(nasty, tmp_path / "store", side=side)
    assert "too narrow" in skipped["narrow.png"]
    assert "animated" in skipped["a.gif"]
    assert "is a video" in skipped["clip.mp4"]


def test_on_pairs_of_two_folders(nasty: Path, tmp_path: Path) -> None:
    inputs = photos(tmp_path / "inputs", 2, size=(50, 33))
    scene(70, 70).save(inputs / "photo-002.png")
    (inputs / "photo-003.jpg").write_text("hello")
    shutil.copy(inputs / "photo-001.jpg", inputs / "copy.jpg")
    pictures, skipped = agree(nasty, tmp_path / "store", inputs=inputs)
    assert pictures == 2
    assert "101 x 67 and its input 70 x 70" in skipped["photo-002.jpg"]
    assert "photo-003.jpg, which is a text file" in skipped["photo-003.jpg"]


def test_large_jpegs_get_one_verdict_at_every_size(tmp_path: Path) -> None:
    """The doctor decodes them smaller than the store does."""
    source = photos(tmp_path / "in", 2, size=(1601, 1203))
    agree(source, tmp_path / "store")


def test_a_sheet_may_lie_among_the_pictures_and_be_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos(tmp_path, 3)
    command = ["doctor", str(source), "--pixels", "64", "--json"]
    for _ in range(2):
        assert main([*command, "--sheet", str(source / "overview.png")]) == 0
        assert json.loads(capsys.readouterr().out)["pictures"] == 3


def test_a_sheet_in_the_folder_is_known_by_its_mark(tmp_path: Path) -> None:
    source = photos(tmp_path, 3)
    for name in ("overview.png", "again.png"):
        scene(90, 90).save(source / name, **mark.save_options("PNG", "contact sheet"))
    report = check_dataset([source], pixels=32)
    assert report.stats.pictures == 3
    (finding,) = [found for found in report.findings if "limner wrote" in found.sentence]
    assert (finding.level, finding.sentence) == (
        "note",
        "2 contact sheets that limner wrote are skipped (again.png, overview.png): "
        "limner does not learn from them.",
    )


def test_skipped_files_are_listed_by_kind_and_then_one_by_one() -> None:
    raw = [(f"{at}.nef", "is a RAW photo: export it as JPEG") for at in range(9)]
    others = [("a.jpg", "is an empty file"), ("b\udce9.jpg", "is damaged or cut off")]
    lfs = ("c.png", "is Git LFS's pointer to the file: run `git lfs pull`")
    assert describe_skipped([others[0], *raw, lfs, others[1]]) == (
        "9 RAW photos are skipped (0.nef, 1.nef, 2.nef, 3.nef, 4.nef, 5.nef, and 3 more): "
        "export them as JPEG.",
        "Git LFS's pointer to the file is skipped (c.png): run `git lfs pull`.",
        "2 files are skipped: a.jpg is an empty file; b\ufffd.jpg is damaged or cut off.",
    )
    assert describe_skipped([]) == ()


def test_videos_that_cannot_be_read_are_counted_by_kind(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 2)
    for name in ("g.mts", "h.wmv", "i.3gp", "j.mpg"):
        (source / name).write_bytes(bytes(3000))
    (source / "k.mxf").write_bytes(bytes(3000))
    (source / "l.mp4").write_bytes(b"")
    _, skipped = agree(source, tmp_path / "store")
    assert set(describe_skipped(sorted(skipped.items()))) == {
        "4 videos that cannot be read are skipped (g.mts, h.wmv, i.3gp, j.mpg): "
        "convert them to MP4 if another program can play them.",
        "A video of another kind is skipped (k.mxf): convert it to MP4.",
        "1 file is skipped: l.mp4 is an empty file.",
    }


def test_only_the_first_page_is_used_and_that_is_said(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 1)
    pages = [scene(60, 50, seed) for seed in (7, 8)]
    pages[0].save(source / "pages.tif", save_all=True, append_images=pages[1:])
    pages[0].save(source / "page.tif")
    sentence = "Of 1 file with several pages only the first page is used."
    for _ in range(2):
        _, report = prepare_store(tmp_path / "store", source)
        assert sentence in report.sentences()
    assert sentence in " ".join(check_dataset([source], pixels=32).sentences())
