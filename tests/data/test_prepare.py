"""Preparing a store: which files are used, which are skipped, and what is told meanwhile."""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import animation, photos, scene, shared, sound, video
from helpers.stores import picture_bytes, prepare_store
from limner.data.decode import hash_text
from limner.data.pairs import Side
from limner.data.prepare import prepare, short_side_for
from limner.data.store import open_store
from limner.data.strokes import paint_strokes
from limner.errors import LimnerError

DECODING = "Decoding pictures"


def test_a_folder_becomes_a_store(tmp_path: Path) -> None:
    photos(tmp_path / "in" / "deep", 30)
    pictures, report = prepare_store(tmp_path / "store", tmp_path / "in")
    assert len(pictures) == report.pictures == report.decoded == 30
    assert sorted(pictures.training + pictures.held_out) == list(range(30))
    assert pictures.short_side == short_side_for(32) == 42
    picture = pictures.image(3)
    assert picture.shape == (42, 52, 3)
    assert picture.dtype == np.uint8
    assert picture.base is not None and not picture.flags.writeable
    assert pictures.name(0) == "deep/photo-000.jpg"
    expected = Image.open(tmp_path / "in" / "deep" / "photo-003.jpg").resize((52, 42))
    assert np.abs(picture.astype(int) - np.asarray(expected, int)).mean() < 3
    assert not pictures.is_paired()
    with pytest.raises(LimnerError, match="without inputs"):
        pictures.input_image(0)
    assert report.sentences()[0].startswith("30 pictures are ready")


def test_short_side_leaves_room_for_crops() -> None:
    assert [short_side_for(pixels) for pixels in (64, 100, 128, 256, 512)] == [84, 130, 167, 333, 666]


def test_unchanged_files_are_reused_and_new_pictures_are_added(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 30)
    first, _ = prepare_store(tmp_path / "store", source)
    before, held = picture_bytes(first), {first.name(i) for i in first.held_out}
    stamp = (tmp_path / "store" / "pictures.json").stat().st_mtime_ns
    _, again = prepare_store(tmp_path / "store", source)
    assert (again.decoded, again.reused) == (0, 30)
    assert (tmp_path / "store" / "pictures.json").stat().st_mtime_ns == stamp
    photos(source, 10, first=30)
    (source / "photo-000.jpg").unlink()
    scene(60, 48, seed=99).save(source / "photo-001.jpg")
    more, report = prepare_store(tmp_path / "store", source)
    assert (report.pictures, report.decoded, report.reused) == (39, 11, 28)
    after = picture_bytes(more)
    kept = before.keys() & after.keys() - {"photo-001.jpg"}
    assert all(after[name] == before[name] for name in kept)
    assert held & after.keys() - {"photo-001.jpg"} <= {more.name(i) for i in more.held_out}
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_other_settings_prepare_again(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 4)
    prepare_store(tmp_path / "store", source)
    pictures, report = prepare_store(tmp_path / "store", source, pixels=16)
    assert (pictures.short_side, report.decoded) == (21, 4)


def test_strokes_are_painted_on_targets_and_on_no_inputs(tmp_path: Path) -> None:
    source, inputs = photos(tmp_path / "in", 3), photos(tmp_path / "inputs", 3)
    plain, _ = prepare_store(tmp_path / "plain", source, pixels=64, inputs=inputs)
    painted, report = prepare_store(tmp_path / "painted", source, pixels=64, inputs=inputs, strokes=True)
    assert report.decoded == 3
    for index in range(3):
        strokes = paint_strokes(Image.fromarray(plain.image(index)))
        assert np.array_equal(painted.image(index), np.asarray(strokes))
        assert not np.array_equal(painted.image(index), plain.image(index))
        assert np.array_equal(painted.input_image(index), plain.input_image(index))


def test_strokes_are_painted_on_frames_too(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4", frames=4)
    plain, _ = prepare_store(tmp_path / "store", clip, pixels=64)
    before = [plain.image(index).copy() for index in range(len(plain))]
    painted, report = prepare_store(tmp_path / "store", clip, pixels=64, strokes=True)
    assert report.decoded == len(before) == len(painted)
    for index, frame in enumerate(before):
        assert np.array_equal(painted.image(index), np.asarray(paint_strokes(Image.fromarray(frame))))


def test_a_store_by_older_rules_opens_and_is_read_anew(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 4)
    index = tmp_path / "store" / "pictures.json"
    prepare_store(index.parent, source)
    older = json.loads(index.read_text())
    del older["settings"]["rules"], older["settings"]["strokes"]
    for entry in older["entries"]:
        del entry["first_page"]
    index.write_text(json.dumps(older))
    assert len(open_store(index.parent)) == 4
    _, report = prepare_store(index.parent, source)
    assert report.decoded == 4


def test_the_order_and_the_split_are_reproducible(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 25)
    first, _ = prepare_store(tmp_path / "one", source)
    shutil.copytree(source, tmp_path / "copy")
    second, _ = prepare_store(tmp_path / "two", tmp_path / "copy")
    assert (first.held_out, picture_bytes(first)) == (second.held_out, picture_bytes(second))


@pytest.mark.parametrize("count", [2, 3, 19])
def test_few_pictures_still_hold_one_out(tmp_path: Path, count: int) -> None:
    pictures, _ = prepare_store(tmp_path / "store", photos(tmp_path / "in", count))
    assert 1 <= len(pictures.held_out) < count


def test_about_one_in_twenty_is_held_out(tmp_path: Path) -> None:
    pictures, _ = prepare_store(tmp_path / "store", photos(tmp_path / "in", 400, size=(12, 12)), pixels=8)
    assert 8 <= len(pictures.held_out) <= 34


def test_exact_copies_are_kept_once(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 3)
    shutil.copy(source / "photo-001.jpg", source / "zebra.jpg")
    pictures, report = prepare_store(tmp_path / "store", source)
    assert (len(pictures), report.duplicates) == (3, 1)
    (source / "photo-001.jpg").unlink()
    pictures, _ = prepare_store(tmp_path / "store", source)
    assert pictures.name(2) == "zebra.jpg"


def test_bad_files_are_named_counted_and_skipped(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 3)
    (source / "notes.txt").write_text("not asked for")
    (source / "text.jpg").write_text("hello")
    (source / "camera.cr3").write_bytes(b"x")
    (source / "gone.jpg").symlink_to(source / "nowhere.jpg")
    os.mkfifo(source / "pipe.jpg")
    half = (source / "photo-000.jpg").read_bytes()
    (source / "half.jpg").write_bytes(half[: len(half) // 2])
    sound(source / "sound.mp4")
    pictures, report = prepare_store(tmp_path / "store", source)
    assert len(pictures) == 3
    reasons = dict(report.skipped)
    assert " ".join(sorted(reasons)) == "camera.cr3 gone.jpg half.jpg pipe.jpg sound.mp4 text.jpg"
    sentences = " ".join(report.sentences())
    assert "A RAW photo is skipped (camera.cr3): " in sentences
    assert "5 files are skipped: " in sentences
    _, again = prepare_store(tmp_path / "store", source)
    assert (again.decoded, dict(again.skipped)) == (0, reasons)


def test_system_files_and_folder_loops_are_skipped(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 2)
    photos(source / "__MACOSX", 2)
    photos(source / ".thumbnails", 2)
    shutil.copy(source / "photo-000.jpg", source / "._photo-000.jpg")
    (source / "loop").symlink_to(source, target_is_directory=True)
    pictures, report = prepare_store(tmp_path / "store", source)
    assert (len(pictures), report.skipped, report.duplicates) == (2, (), 0)


def test_small_and_long_pictures_are_counted(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 1, size=(20, 30))
    scene(900, 100, seed=5).save(source / "wide.png")
    pictures, report = prepare_store(tmp_path / "store", source)
    assert (report.enlarged, report.trimmed) == (1, 1)
    assert [pictures.image(i).shape for i in (0, 1)] == [(63, 42, 3), (42, 168, 3)]
    sentences = " ".join(report.sentences())
    assert "1 picture is smaller than 42 pixels" in sentences
    assert "only the middle is kept" in sentences


def test_a_panorama_of_20000_pixels(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 1)
    Image.new("RGB", (20_000, 2_000), "teal").save(source / "wide.jpg")
    pictures, _ = prepare_store(tmp_path / "store", source)
    assert pictures.image(1).shape == (42, 168, 3)


def test_videos_give_frames_and_a_square_from_each_end(tmp_path: Path) -> None:
    video(tmp_path / "a.mp4")
    photos(tmp_path / "in", 2)
    pictures, report = prepare_store(tmp_path / "store", tmp_path / "a.mp4", tmp_path / "in", frames=5)
    assert (len(pictures), report.videos) == (12, 1)
    assert pictures.name(0) == "a.mp4 at 0.20 s, left"
    assert pictures.image(0)[:, :, 0].mean() > pictures.image(1)[:, :, 0].mean() + 100
    splits = {entry.name[:18]: entry.split for entry in pictures.index.entries[:10]}
    assert len(set(splits.values())) == 5  # both ends of a frame are on one side of the split
    _, again = prepare_store(tmp_path / "store", tmp_path / "a.mp4", tmp_path / "in", frames=5)
    assert again.decoded == 0


def test_a_video_is_held_out_in_twentieths(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", size=(32, 32), frames=50, rate=25)
    pictures, _ = prepare_store(tmp_path / "store", path, frames=50)
    content = pictures.index.files[0].content
    assert [entry.split for entry in pictures.index.entries] == [
        hash_text(f"{content} {20 * frame // 50}") for frame in range(50)
    ]


def test_pairs_by_name(tmp_path: Path) -> None:
    source = photos(tmp_path / "in", 4)
    for at in range(3):
        scene(120, 96, seed=50 + at).save(tmp_path / f"photo-{at:03}.png")
    inputs = tmp_path / "drawn"
    inputs.mkdir()
    for file in tmp_path.glob("*.png"):
        file.rename(inputs / file.name)
    scene(50, 50).save(inputs / "photo-002.png")
    pictures, report = prepare_store(tmp_path / "store", source, inputs=inputs)
    assert len(pictures) == 2 and pictures.is_paired()
    reasons = dict(report.skipped)
    assert "has no partner" in reasons["photo-003.jpg"]
    assert "60 x 48 and its input 50 x 50" in reasons["photo-002.jpg"]
    assert pictures.input_image(1).shape == pictures.image(1).shape
    expected = np.asarray(scene(120, 96, seed=51).resize((52, 42)), int)
    assert np.abs(pictures.input_image(1).astype(int) - expected).mean() < 2
    photos(source, 1, first=0)
    again, _ = prepare_store(tmp_path / "store", source, inputs=inputs)
    assert np.array_equal(again.input_image(1), pictures.input_image(1))


@pytest.mark.parametrize("side", ["left", "right"])
def test_pairs_side_by_side(tmp_path: Path, side: Side) -> None:
    (tmp_path / "in").mkdir()
    for at in range(3):
        both = Image.new("RGB", (200, 100), (200, 10 * at, 0))
        both.paste((0, 10 * at, 200), (100, 0, 200, 100))
        both.save(tmp_path / "in" / f"{at}.png")
    pictures, _ = prepare_store(tmp_path / "store", tmp_path / "in", side=side)
    input_image = pictures.input_image(0)
    assert input_image.shape == pictures.image(0).shape == (42, 42, 3)
    assert (input_image[..., 0].min() > 180) == (side == "left")
    assert (pictures.image(0)[..., 2].min() > 180) == (side == "left")


def test_real_pairs(tmp_path: Path) -> None:
    comics = shared("face2comics") / "style1"
    pictures, report = prepare_store(tmp_path / "a", comics / "comic", inputs=comics / "face")
    assert (len(pictures), report.skipped) == (50, ())
    pictures, _ = prepare_store(tmp_path / "b", comics, inputs=comics / "face")
    assert len(pictures) == 50


def test_real_photos(tmp_path: Path) -> None:
    pictures, report = prepare_store(tmp_path / "store", shared("cartoonset"), shared("sunrise"))
    assert (len(pictures), report.duplicates, report.skipped) == (382, 5, ())


def test_progress_counts_the_frames_that_there_are(tmp_path: Path) -> None:
    source = tmp_path / "in"
    video(source / "a.mp4", frames=7)
    animation(source / "b.gif", durations=(100,) * 9)
    photos(source, 2)
    (source / "broken.mp4").write_bytes(bytes(300))
    calls: list[tuple[int, int]] = []
    for frames, total in ((10**23, 7 + 9 + 2), (3, 3 + 3 + 2)):
        prepare(
            [source],
            tmp_path / "store",
            pixels=16,
            frames=frames,
            progress=lambda done, total, what: calls.append((done, total)) if what == DECODING else None,
        )
        assert calls[-1] == (total, total)
        assert all(a <= b for a, b in pairwise(done for done, _ in calls))
        calls.clear()


def test_progress_is_reported(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    video(photos(tmp_path / "in", 6) / "a.mp4")
    prepare(
        [tmp_path / "in"],
        tmp_path / "store",
        pixels=16,
        frames=4,
        progress=lambda done, total, what: calls.append((what, done, total)),
    )
    assert calls[:2] == [("Measuring videos", 0, 1), ("Measuring videos", 1, 1)]  # an hour takes seconds
    decoding = calls[2:]
    assert {what for what, _, _ in decoding} == {DECODING}
    assert decoding == sorted(decoding)
    assert decoding[-1] == (DECODING, 10, 10)


def test_unchanged_videos_are_not_read_again_when_a_picture_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in"
    for number in range(3):
        video(source / f"{number}.mp4", frames=4 + number)
    prepare_store(tmp_path / "store", source, frames=5)
    photos(source, 1)
    measured: list[Path] = []
    monkeypatch.setattr("limner.data.prepare.measure_video", measured.append)
    calls: list[tuple[int, int]] = []
    pictures, report = prepare(
        [source],
        tmp_path / "store",
        pixels=32,
        frames=5,
        progress=lambda done, total, what: calls.append((done, total)) if what == DECODING else None,
    )
    assert (measured, report.decoded) == ([], 1)
    assert calls[-1] == (len(pictures), len(pictures))


PREPARE_AND_MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
from limner.data.decode import hash_text
from limner.data.prepare import prepare
from limner.progress import no_progress
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
prepare([Path(sys.argv[1])], Path(sys.argv[2]), pixels=256, progress=no_progress)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_many_photos_need_little_memory(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    scene(2400, 1800).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    for at in range(50):
        # Bytes after the end of a JPEG are not read, but make the files differ.
        (source / f"{at}.jpg").write_bytes(data + bytes([at]))
    command = [sys.executable, "-c", PREPARE_AND_MEASURE_MEMORY, str(source), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kilobytes = int(done.stdout)
    # The store is 22 MB: its pages and the pictures being decoded stay far below 300 MB.
    assert kilobytes < 150_000
