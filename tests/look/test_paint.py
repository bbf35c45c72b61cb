"""Painting pictures, clips and folders through a look."""

import errno
import os
import re
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from helpers.files import BURSTS, animation, damage, photo, photos, scene, video
from helpers.looks import look_file
from helpers.strangers import RELU, network
from limner.cli.main import main
from limner.data.arrays import center_crop
from limner.errors import LimnerError
from limner.look.look import Look, open_look
from limner.look.paint import paint_file
from limner.mark import read_image_mark, read_video_mark


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.int64)


def test_a_painting_is_written_beside_its_source_under_a_free_name(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    (first,) = paint_file(look, source).paintings
    (second,) = paint_file(look, source).paintings
    (forced,) = paint_file(look, source, force=True).paintings
    assert [path.name for path in (first, second, forced)] == [
        "photo-painted.png",
        "photo-painted-2.png",
        "photo-painted.png",
    ]
    expected = look.paint(center_crop(Image.open(source), 64)) * 255
    assert np.abs(pixels(first) - expected).max() <= 0.51


def test_live_inputs_change_the_painting(tmp_path: Path, look: Look) -> None:
    source = photo(tmp_path / "photo.png")
    (default,) = paint_file(look, source).paintings
    (brighter,) = paint_file(look, source, live={"brightness": 0.4}).paintings
    assert np.abs(pixels(default) - pixels(brighter)).max() > 5


def test_beside_shows_the_input_of_the_network(tmp_path: Path, look: Look) -> None:
    (path,) = paint_file(look, photo(tmp_path / "photo.png"), beside=True).paintings
    (alone,) = paint_file(look, tmp_path / "photo.png").paintings
    both = pixels(path)
    assert both.shape == (64, 128, 3)
    assert (np.ptp(both[:, :64], axis=-1) == 0).all()  # the soft guide is grey
    np.testing.assert_array_equal(both[:, 64:], pixels(alone))


def test_whole_keeps_the_aspect(tmp_path: Path, look: Look) -> None:
    (path,) = paint_file(look, photo(tmp_path / "photo.png"), whole=True).paintings
    assert Image.open(path).size == (86, 64)


def test_the_exif_orientation_is_applied(tmp_path: Path, look: Look) -> None:
    upright = scene(120, 160)
    upright.save(tmp_path / "upright.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    expected, painted = (
        paint_file(look, tmp_path / name).paintings[0] for name in ("upright.png", "turned.png")
    )
    np.testing.assert_array_equal(pixels(expected), pixels(painted))


@pytest.mark.parametrize(("name", "format_name"), [("a.jpg", "JPEG"), ("a.PNG", "PNG"), ("a.webp", "WEBP")])
def test_the_suffix_decides_the_format(tmp_path: Path, look: Look, name: str, format_name: str) -> None:
    (path,) = paint_file(look, photo(tmp_path / "photo.png"), tmp_path / "new" / name).paintings
    assert Image.open(path).format == format_name
    assert read_image_mark(path) == "painting"


def test_a_clip_keeps_its_frames_and_times(tmp_path: Path, look: Look) -> None:
    source = video(tmp_path / "clip.mp4", frames=12, rate=10)
    progress: list[tuple[int, int]] = []
    report = paint_file(look, source, progress=lambda done, total, _: progress.append((done, total)))
    (path,) = report.paintings
    assert path == tmp_path / "clip-painted.mp4"
    assert read_video_mark(path) == "painting"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert float(stream.average_rate or 0) == pytest.approx(10, rel=0.01)
        assert [round(float(frame.time or 0), 3) for frame in frames] == [n / 10 for n in range(12)]
        assert (frames[0].width, frames[0].height) == (64, 64)
    assert progress[-1] == (12, 12)
    with av.open(str(source)) as container:
        first = next(container.decode(container.streams.video[0])).to_image()  # type: ignore[no-untyped-call]
    expected = look.paint(center_crop(first, 64)) * 255
    found = frames[0].to_ndarray(format="rgb24")
    assert np.abs(found - expected).mean() < 8  # H.264 halves the resolution of colours


def times(path: Path) -> list[float]:
    """The seconds, from the first frame on, at which the frames of a clip begin and the last one ends."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        ticks = [frame.pts or 0 for frame in frames]
        ticks.append(ticks[-1] + frames[-1].duration)
        return [float((tick - ticks[0]) * (stream.time_base or 0)) for tick in ticks]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("seconds", [BURSTS, (0, 3)], ids=["bursts", "one frame"])
def test_uneven_times_stay_as_they_are(
    tmp_path: Path, look: Look, suffix: str, seconds: tuple[float, ...]
) -> None:
    source = video(tmp_path / f"clip{suffix}", times=seconds)
    progress: list[tuple[int, int]] = []
    out = tmp_path / f"painted{suffix}"
    paint_file(look, source, out, progress=lambda done, total, _: progress.append((done, total)))
    assert times(source) == pytest.approx(seconds)
    assert times(out) == pytest.approx(seconds)
    assert {total for _, total in progress} == {len(seconds) - 1}
    assert progress[-1][0] == len(seconds) - 1
    # A player ends the clip after this time.
    with av.open(str(out)) as container:
        assert (container.duration or 0) / av.time_base == seconds[-1]


def test_a_damaged_clip_is_painted_and_the_loss_is_told(tmp_path: Path, look: Look) -> None:
    source = damage(video(tmp_path / "clip.mp4", size=(320, 240)), at=0.4)
    report = paint_file(look, source)
    (path,) = report.paintings
    painted = len(times(path)) - 1
    assert 20 < painted < 50
    assert times(path)[-2:] == pytest.approx([1.96, 2])
    assert report.damaged == ((source, f"is damaged: {50 - painted} frames could not be decoded"),)
    assert report.skipped == ()


def test_a_clip_that_can_no_longer_be_read_is_named_and_not_its_painting(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = animation(tmp_path / "a.gif", durations=(100,) * 3)
    copies = 0
    original = GifImageFile.copy

    def fail_at_the_second(image: GifImageFile) -> Image.Image:
        nonlocal copies
        if (copies := copies + 1) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return original(image)

    monkeypatch.setattr(GifImageFile, "copy", fail_at_the_second)
    with pytest.raises(LimnerError, match=r"/a\.gif is damaged or cut off \(.*Input/output error\)\.$"):
        paint_file(look, source)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".onnx"] == ["a.gif"]


def test_the_command_says_that_a_damaged_clip_is_used_in_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = damage(video(tmp_path / "clip.mp4", size=(320, 240)), at=0.4)
    assert main(["paint", str(look_file(tmp_path)), str(source)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^1 file is used in part: clip\.mp4 is damaged: \d+ frames could not be", out, re.M)
    assert "Painted: " in out and "skipped" not in out


@pytest.mark.parametrize(
    ("name", "size", "beside", "limit"),
    [
        ("a.webp", (8000, 3), False, "170,666 x 64 pixels, and WEBP takes 16,383 a side"),
        ("a.jpg", (8000, 3), False, "170,666 x 64 pixels, and JPEG takes 65,500 a side"),
        ("a.png", (30_000, 1), False, "1,920,000 x 64 pixels, more than 100 million"),
        ("a.mp4", (3000, 16), True, "24,000 x 64 pixels, and H.264 takes 16,384 a side"),
    ],
)
def test_what_is_too_long_for_whole_is_refused_before_painting(
    tmp_path: Path, look: Look, *, name: str, size: tuple[int, int], beside: bool, limit: str
) -> None:
    if name.endswith(".mp4"):
        source = video(tmp_path / "long.mp4", frames=1, size=size)
    else:
        Image.new("RGB", size).save(source := tmp_path / "long.png")
    sentence = f"is too long for --whole: its painting would have {limit}. Paint it without --whole."
    with pytest.raises(LimnerError, match=re.escape(sentence)):
        paint_file(look, source, tmp_path / "out" / name, whole=True, beside=beside)
    assert not (tmp_path / "out" / name).exists()
    painted = paint_file(look, source, tmp_path / "out" / name, beside=beside).paintings
    assert painted == (tmp_path / "out" / name,)


def test_a_clip_is_painted_by_a_look_of_an_odd_side(tmp_path: Path) -> None:
    (tmp_path / "odd.onnx").write_bytes(network(RELU, sides=(65, 65)))
    (path,) = paint_file(open_look(tmp_path / "odd.onnx"), video(tmp_path / "a.mp4", frames=2)).paintings
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 64)


def test_a_clip_may_change_its_size(tmp_path: Path, look: Look) -> None:
    wide = video(tmp_path / "wide.ts", codec="libx264", frames=5)
    tall = video(tmp_path / "tall.ts", codec="libx264", frames=5, size=(64, 96))
    source = tmp_path / "clip.ts"
    source.write_bytes(wide.read_bytes() + tall.read_bytes())
    (path,) = paint_file(look, source, whole=True).paintings
    assert len(times(path)) == 10 + 1


@pytest.mark.parametrize("name", ["anim.gif", "anim.webp", "named-wrongly.jpg"])
def test_an_animated_picture_is_painted_as_a_clip(tmp_path: Path, look: Look, name: str) -> None:
    source = animation(tmp_path / "anim.gif", durations=(100, 40, 300)).rename(tmp_path / name)
    if name.endswith(".webp"):
        animation(source, durations=(100, 40, 300))
    (painted,) = paint_file(look, source).paintings
    assert painted.suffix == ".mp4"
    assert times(painted) == pytest.approx([0, 0.1, 0.14, 0.44], abs=1e-4)


def test_the_content_of_a_file_decides_how_it_is_painted(tmp_path: Path, look: Look) -> None:
    clip = video(tmp_path / "clip.mp4", frames=3).rename(tmp_path / "clip.jpg")
    assert len(times(paint_file(look, clip).paintings[0])) == 3 + 1  # the end as well
    picture = photo(tmp_path / "photo.png").rename(tmp_path / "photo.mp4")
    assert paint_file(look, picture).paintings[0].suffix == ".png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, look: Look) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(LimnerError, match=r"pipe\.jpg is not a regular file"):
        paint_file(look, tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(LimnerError, match=r"pipe\.onnx cannot be opened: it is not a regular file"):
        open_look(tmp_path / "pipe.onnx")


def test_a_folder_becomes_a_folder_of_paintings(tmp_path: Path, look: Look) -> None:
    source = photos(tmp_path / "holiday", 3)
    scene(60, 48).save(source / "photo-000.png")
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (source / "notes.txt").write_text("not a picture")
    report = paint_file(look, source)
    assert [str(path.relative_to(tmp_path)) for path in report.paintings] == [
        "holiday-painted/photo-000.png",
        "holiday-painted/photo-000.png.png",
        "holiday-painted/photo-001.png",
        "holiday-painted/photo-002.png",
    ]
    assert all(Image.open(path).size == (64, 64) for path in report.paintings)
    ((path, reason),) = report.skipped
    assert path.name == "broken.jpg"
    assert "damaged" in reason
    with pytest.raises(LimnerError, match="exists; add --force"):
        paint_file(look, source, tmp_path / "holiday-painted")


def test_a_folder_is_searched_recursively_and_skipped_files_are_reported(
    tmp_path: Path, look: Look
) -> None:
    source = tmp_path / "holiday"
    for part in ("", "sea/north", ".thumbnails"):
        photos(source / part, 1)
    (source / "sea" / "waves.MOV").write_bytes(b"a clip")
    animation(source / "sea" / "boat.gif", durations=(100, 100))
    (source / "phone.CR2").write_bytes(b"a picture")
    out = source / "painted"
    for again in (out, source / ".." / "holiday" / "painted"):  # its own paintings are not painted again
        report = paint_file(look, source, again, force=True)
        assert [path.relative_to(again).as_posix() for path in report.paintings] == [
            "photo-000.png",
            "sea/north/photo-000.png",
        ]
    assert {(path.name, reason) for path, reason in report.skipped} == {
        ("waves.MOV", "is a clip: paint it separately"),
        ("boat.gif", "is a clip: paint it separately"),
        ("phone.CR2", "is a RAW photo: export it as JPEG"),
    }


def test_paintings_in_a_folder_are_known_by_their_mark(tmp_path: Path, look: Look) -> None:
    source = photos(tmp_path / "holiday", 1)
    paint_file(look, source / "photo-000.jpg")
    paint_file(look, video(source / "clip.mp4", frames=2))
    (source / "clip.mp4").unlink()
    report = paint_file(look, source)
    assert [path.name for path in report.paintings] == ["photo-000.png"]
    reason = "is a painting that limner wrote: limner does not learn from it"
    assert report.skipped == (
        (source / "clip-painted.mp4", reason),
        (source / "photo-000-painted.png", reason),
    )


@pytest.mark.parametrize(("name", "brand"), [("A.MOV", b"qt  "), ("A.MP4", b"isom")])
def test_a_suffix_in_capitals_is_that_container(
    tmp_path: Path, look: Look, name: str, brand: bytes
) -> None:
    paint_file(look, video(tmp_path / "clip.mp4", frames=2, rate=10), tmp_path / name)
    assert (tmp_path / name).read_bytes()[8:12] == brand
    assert read_video_mark(tmp_path / name) == "painting"
