"""Frames of intact, rotated, truncated and empty videos."""

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import shared, sound, video
from limner.data.images import UnreadableFile
from limner.data.videos import Frame, measure_video, plan_squares, read_frames


def frames(path: Path, count: int) -> list[Frame]:
    return list(read_frames(path, count))


def left_is_red(image: Image.Image) -> bool:
    pixels = np.asarray(image, int)
    return bool(pixels[:, 2, 0].min() > 200 and pixels[:, -3, 0].max() < 60)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "mpeg4"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4"), ("a.avi", "mpeg4"),
     ("a.m4v", "mpeg4"), ("a.webm", "libvpx")],
)  # fmt: skip
def test_frames_are_spread_evenly(tmp_path: Path, name: str, codec: str) -> None:
    path = video(tmp_path / name, codec=codec)
    read = frames(path, 5)
    assert [frame.seconds for frame in read] == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8], abs=0.05)
    assert all(frame.image.size == (96, 64) and left_is_red(frame.image) for frame in read)


def test_a_short_video_gives_each_frame_once(tmp_path: Path) -> None:
    read = frames(video(tmp_path / "a.mp4", frames=20), 400)
    assert len(read) == 20
    assert len({frame.seconds for frame in read}) == 20


def test_distant_frames_are_found_by_seeking(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", frames=300, rate=5)
    read = frames(path, 10)
    assert [frame.seconds for frame in read] == pytest.approx(range(3, 60, 6), abs=0.21)
    for frame in read:
        blue = int(np.asarray(frame.image)[32, 90, 2])
        assert blue == pytest.approx(round(frame.seconds * 5) * 5 % 256, abs=20)


MATRICES = {
    90: (0, 1, 0, -1, 0, 0),
    180: (-1, 0, 0, 0, -1, 0),
    270: (0, -1, 0, 1, 0, 0),
}


@pytest.mark.parametrize("degrees", MATRICES)
def test_rotated_videos_give_upright_frames(tmp_path: Path, degrees: int) -> None:
    path = video(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    values = [value << 16 for value in MATRICES[degrees]]
    data[matrix : matrix + 36] = struct.pack(">9i", *values, 0, 0, 1 << 30)
    path.write_bytes(data)
    image = frames(path, 1)[0].image
    assert image.size == ((96, 64) if degrees == 180 else (64, 96))
    assert left_is_red(image.rotate(degrees, expand=True))


def test_a_truncated_video_gives_the_frames_it_has(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", frames=200, size=(320, 240))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 5 <= len(frames(path, 20)) < 20


def test_a_recording_without_a_duration_is_counted(tmp_path: Path) -> None:
    path = video(tmp_path / "a.webm", codec="libvpx")
    data = path.read_bytes()
    # A browser's recorder writes no duration: overwrite the element with a void one.
    at = data.index(b"\x44\x89\x88")
    path.write_bytes(data[:at] + b"\xec\x89" + data[at + 2 + 1 : at + 3] + data[at + 3 :])
    clip = measure_video(path)
    assert clip.seconds == pytest.approx(2.0, abs=0.1)
    assert clip.frames == 50


def test_files_without_video_are_refused_with_a_reason(tmp_path: Path) -> None:
    whole = video(tmp_path / "a.mp4")
    (tmp_path / "half.mp4").write_bytes(whole.read_bytes()[:1000])
    (tmp_path / "text.mp4").write_text("no video" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    sound(tmp_path / "sound.mp4")
    expected = {
        "half.mp4": "damaged or cut off",
        "text.mp4": "damaged or cut off",
        "empty.mp4": "is an empty file",
        "sound.mp4": "has sound but no pictures",
        "missing.mp4": "cannot be opened",
    }
    for name, message in expected.items():
        with pytest.raises(UnreadableFile, match=message):
            frames(tmp_path / name, 3)


@pytest.mark.parametrize(("suffix", "message"), [("mp4", "has no pictures"), ("avi", "without frames")])
def test_a_video_without_frames_is_refused(tmp_path: Path, suffix: str, message: str) -> None:
    path = video(tmp_path / f"a.{suffix}", frames=0)
    with pytest.raises(UnreadableFile, match=message):
        frames(path, 3)


def test_wide_and_tall_frames_give_a_square_from_each_end() -> None:
    assert [square.box for square in plan_squares(160, 90)] == [(0, 0, 90, 90), (70, 0, 160, 90)]
    assert [square.where for square in plan_squares(90, 160)] == ["upper", "lower"]
    assert [square.box for square in plan_squares(40, 30)] == [(5, 0, 35, 30)]


def test_real_clips() -> None:
    clips = shared("clips")
    for name in ("flower.mp4", "flower.webm", "rabbit320.webm", "stream-of-water.mp4"):
        read = frames(clips / name, 8)
        assert len(read) == 8
        assert all(a.seconds < b.seconds for a, b in pairwise(read))
