"""Frames of videos: their times; damaged, cut off and empty ones."""

import re
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from helpers.files import BURSTS, animation, damage, frames, left_is_red, scene, shared, sound, video
from limner.data.checks.dataset import check_dataset
from limner.data.decode import read_clip
from limner.data.images import UnreadableFile
from limner.data.prepare import prepare
from limner.data.sources import Source
from limner.data.video_timeline import pick_frames
from limner.data.videos import SUFFIXES, Clip, FrameReader, measure_video, plan_squares
from limner.errors import LimnerError
from limner.progress import no_progress


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "mpeg4"), ("a.mov", "mpeg4"), ("a.mkv", "mpeg4"), ("a.avi", "mpeg4"),
     ("a.m4v", "mpeg4"), ("a.webm", "libvpx"), ("a.3gp", "mpeg4"), ("a.wmv", "wmv2"), ("a.flv", "flv"),
     ("a.ts", "libx264"), ("a.mts", "libx264"), ("a.mpg", "mpeg2video"), ("a.vob", "mpeg2video")],
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


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_frames_have_their_own_times(tmp_path: Path, name: str) -> None:
    path = video(tmp_path / name, times=BURSTS)
    clip = measure_video(path)
    assert (clip.frames, clip.seconds) == (30, 8)
    assert [frame.seconds for frame in frames(path, 400)] == pytest.approx(BURSTS[:-1])
    # The middles of the thirds lie in the stills.
    assert [frame.seconds for frame in frames(path, 3)] == pytest.approx([0.18, 2.68, 5.18])
    assert len({frame.seconds for frame in frames(path, 20)}) == 20


@pytest.mark.parametrize("count", [1, 2, 5, 9, 10, 30])
def test_picks_are_distinct_and_as_even_as_the_frames_allow(count: int) -> None:
    picks = pick_frames((0, 1, 2, 3, 4, 5, 50, 51, 52, 90), 100, count)
    assert len(picks) == min(count, 10)
    assert all(a < b for a, b in pairwise(picks))
    if count <= 2:
        assert picks == {1: [6], 2: [5, 8]}[count]


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 71, 49, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        frame = av.VideoFrame.from_ndarray(np.zeros((49, 71, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert frames(path, 1)[0].image.size == (142, 49)


def test_decoding_goes_on_after_damage(tmp_path: Path) -> None:
    path = damage(video(tmp_path / "a.mp4", size=(320, 240)), at=0.4)
    reader = FrameReader(path, 50)
    read = list(reader)
    lost = 50 - len(read)
    assert 0 < lost < 30
    assert reader.left_out == f"is damaged: {lost} frames could not be decoded"
    assert read[-1].seconds == pytest.approx(1.96)
    assert all(a.seconds < b.seconds for a, b in pairwise(read))


def test_frames_that_damage_hid_are_told(tmp_path: Path) -> None:
    path = damage(video(tmp_path / "a.mkv", size=(320, 240)), at=0.5)
    reader = FrameReader(path, 10)
    assert list(reader)[-1].seconds > 1.5
    assert re.search(r"has no pictures from [01]\.\d to [12]\.\d s$", reader.left_out)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.ts", "libx264"), ("a.avi", "mpeg4")]
)
def test_noise_anywhere_gives_frames_in_order_or_a_reason(tmp_path: Path, name: str, codec: str) -> None:
    whole = np.frombuffer(video(tmp_path / name, codec=codec, frames=30).read_bytes(), np.uint8)
    for seed in range(12):
        path = tmp_path / f"{seed}-{name}"
        rng = np.random.default_rng(seed)
        data = whole.copy()
        data[rng.integers(0, len(data), 20)] = rng.integers(0, 256, 20, np.uint8)
        path.write_bytes(data.tobytes())
        for count in (3, 400):
            try:
                read = frames(path, count)
            except UnreadableFile:
                continue
            clip = measure_video(path)
            assert len(read) <= clip.frames
            assert all(a.seconds < b.seconds for a, b in pairwise(read))
            assert read[-1].seconds < clip.seconds


def test_a_truncated_video_gives_the_frames_it_has(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mkv", frames=200, size=(320, 240))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reader = FrameReader(path, 400)
    found = len(list(reader))
    assert 50 <= found < 150
    assert reader.left_out == f"declares 8.0 s and has pictures for {found / 25:.1f} s"
    # They are spread over what there is.
    assert frames(path, 20)[-1].seconds == pytest.approx(0.975 * found / 25, abs=0.05)


FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def test_a_recording_in_fragments_is_read(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", options=FRAGMENTED)
    assert measure_video(path) == Clip(path, 2, 50)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert 10 < len(frames(path, 400)) < 50


@pytest.mark.parametrize("declared", [0, 10_000_000])
def test_a_wrong_duration_does_not_matter(tmp_path: Path, declared: int) -> None:
    path = video(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    for box, offset in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
        at = data.index(box) + offset
        data[at : at + 4] = struct.pack(">I", declared)
    path.write_bytes(data)
    assert measure_video(path) == Clip(path, 2, 50)
    assert [frame.seconds for frame in frames(path, 5)] == pytest.approx([0.2, 0.6, 1, 1.4, 1.8], abs=0.05)


def test_an_edit_list_decides_what_is_shown(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    ticks = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
    data[at : at + 8] = struct.pack(">II", 1000, ticks)  # one second, from the first second on
    path.write_bytes(data)
    read = frames(path, 400)
    assert [round(frame.seconds, 2) for frame in read] == [index / 25 for index in range(25)]
    assert int(np.asarray(read[0].image)[32, 90, 2]) == pytest.approx(25 * 5, abs=20)


def test_a_clock_that_begins_anew_goes_on(tmp_path: Path) -> None:
    once = video(tmp_path / "a.ts", codec="libx264").read_bytes()
    path = tmp_path / "b.ts"
    path.write_bytes(once + once)
    clip = measure_video(path)
    assert clip.frames == 100
    assert clip.seconds == pytest.approx(4, abs=0.1)
    read = frames(path, 400)
    assert len(read) == 100
    assert all(0.03 < b.seconds - a.seconds < 0.09 for a, b in pairwise(read))


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
    (tmp_path / "free.mp4").write_text("The free software guide\n")
    (tmp_path / "wide.mp4").write_text("The wide world of clouds\n")
    (tmp_path / "noise.mp4").write_bytes(bytes(300))
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\na.mp4\n#EXT-X-ENDLIST\n")
    (tmp_path / "script.mp4").write_text("ffconcat version 1.0\nfile a.mp4\n")
    sound(tmp_path / "sound.mp4")
    sound(tmp_path / "cover.mp4", cover=scene(64, 64))
    expected = {
        "half.mp4": r"is an MP4 whose index \(moov\) is missing",
        "text.mp4": r"is a text file, not a video$",
        "free.mp4": "is a text file, not a video$",
        "wide.mp4": "is a text file, not a video$",
        "noise.mp4": "is a video that cannot be read: convert it to MP4 if another program can play it",
        "list.mp4": "is a text file",
        "script.mp4": "is a text file",
        "empty.mp4": "is an empty file",
        "sound.mp4": "has sound but no pictures",
        "cover.mp4": "has sound but no pictures",
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


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_file_with_only_the_name_of_a_video_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(np.random.default_rng(0).bytes(3000))
    with pytest.raises(UnreadableFile, match="is a video that cannot be read: convert it to MP4"):
        frames(path, 3)


def test_a_title_of_any_bytes_and_a_name_like_an_address_are_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = video(tmp_path / "a.avi", frames=2)
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", b"caf\xe9"))
    assert len(frames(path, 2)) == 2
    monkeypatch.chdir(tmp_path)
    assert len(frames(path.rename(tmp_path / "12:30.avi").relative_to(tmp_path), 2)) == 2


def test_at_least_one_frame_is_asked_for(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", frames=2)
    moving = animation(tmp_path / "b.gif", durations=(100, 100))
    sentence = r"number of frames must be 1 or more\.$"
    for count in (0, -3):
        with pytest.raises(LimnerError, match=sentence):
            read_clip(Source(path, path.name, "video"), count)
        with pytest.raises(LimnerError, match=sentence):
            read_clip(Source(moving, moving.name, "image"), count)
        with pytest.raises(LimnerError, match=sentence):
            prepare([path], tmp_path / "store", pixels=16, frames=count, progress=no_progress)
        with pytest.raises(LimnerError, match=sentence):
            check_dataset([path], frames=count)


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
