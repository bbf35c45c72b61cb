"""Animated pictures give frames as videos do."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from helpers.files import animation, scene
from helpers.stores import prepare_store
from limner.data.animations import AnimationReader, measure_animation
from limner.data.images import UnreadableFile, inspect_image


def greens(path: Path, count: int) -> list[tuple[float, int]]:
    """The time and the green of each frame."""
    return [
        (round(frame.seconds, 3), int(np.asarray(frame.image)[..., 1].mean()))
        for frame in AnimationReader(path, count)
    ]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "avif"])
def test_all_frames_are_read_at_their_times(tmp_path: Path, suffix: str) -> None:
    path = animation(tmp_path / f"a.{suffix}", durations=(100, 300, 50, 150))
    clip = measure_animation(path)
    assert (clip.frames, round(clip.seconds, 3)) == (4, 0.6)
    times, colours = zip(*greens(path, 400), strict=True)
    assert times == (0, 0.1, 0.4, 0.45)
    assert np.abs(np.subtract(colours, (0, 60, 120, 180))).max() <= 4
    assert inspect_image(path, at_least=8).is_animated


def test_fewer_frames_are_spread_over_the_time(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.gif", durations=(100, 1000, 100, 100, 1000, 100))
    assert [time for time, _ in greens(path, 2)] == [0.1, 1.3]
    assert len(greens(path, 1)) == 1


def test_a_frame_without_a_duration_takes_as_long_as_in_a_browser(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.gif", durations=(0, 10, 20))
    assert measure_animation(path).seconds == pytest.approx(0.22)


def test_an_animation_is_decoded_once_for_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = animation(tmp_path / "a.gif", durations=(100,) * 6)
    seeks: list[int] = []
    original = GifImageFile.seek

    def spy(image: GifImageFile, frame: int) -> None:
        seeks.append(frame)
        original(image, frame)

    monkeypatch.setattr(GifImageFile, "seek", spy)
    assert measure_animation(path).frames == 6
    assert len(list(AnimationReader(path, 3))) == 3
    assert seeks.count(5) == 2  # for the times, and for the pictures


def test_large_frames_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    """Pillow composes them in memory, with several copies of four bytes a pixel."""
    side = 8_000
    path = animation(tmp_path / "a.gif", durations=(100, 100), size=(8, 8))
    content = path.read_bytes()
    path.write_bytes(content[:6] + 2 * side.to_bytes(2, "little") + content[10:])
    sentence = "is an animation of 64 million pixels, more than fit in memory: make it smaller"
    for read in (measure_animation, lambda file: next(AnimationReader(file, 1))):
        with pytest.raises(UnreadableFile, match=sentence):
            read(path)


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (20, 20), (0, 0, 0, 0)) for _ in range(2)]
    frames[1].paste((255, 0, 0, 255), (0, 0, 10, 20))
    path = tmp_path / "a.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    empty, half = (np.asarray(frame.image) for frame in AnimationReader(path, 9))
    assert (empty == 255).all() and (half[:, 15] == 255).all()
    assert half[5, 5].tolist() == [255, 0, 0]


def test_a_png_s_picture_for_other_programs_is_no_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), (0, 60 * at, 0)) for at in range(4)]
    path = tmp_path / "a.png"
    frames[3].save(path, save_all=True, append_images=frames[:3], default_image=True, duration=100)
    assert greens(path, 9) == [(0, 0), (0.1, 60), (0.2, 120)]


def test_an_animation_that_is_cut_off_gives_the_frames_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    frames = [scene(60, 60, seed) for seed in range(6)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    reader = AnimationReader(path, 9)
    seen = len(list(reader))
    assert 1 <= seen < 6
    assert reader.left_out == "is damaged or cut off: 1 frame could not be decoded"
    path.write_bytes(whole[:300])
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        measure_animation(path)


def test_an_animation_of_uneven_times_gives_as_many_frames_as_were_asked_for(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.gif", durations=(5000, *(50,) * 9))
    assert len(greens(path, 5)) == 5


def test_an_animation_of_uneven_times_that_is_cut_off_gives_the_frames_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    frames = [scene(60, 60, seed) for seed in range(10)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[5000, *(50,) * 9])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    clip = measure_animation(path)
    assert 5 <= clip.frames < 10
    assert len(list(AnimationReader(path, clip.frames))) == clip.frames


def test_no_more_than_a_tenth_of_an_animation_of_uneven_times_is_held_out(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.gif", durations=(8000, *(60,) * 29))
    pictures, _ = prepare_store(tmp_path / "store", path, frames=30)
    segments = Counter(entry.split for entry in pictures.index.entries)  # each is held out or not
    assert (len(segments), max(segments.values())) == (20, 2)
    assert 1 <= sum(entry.held_out for entry in pictures.index.entries) <= 6


def test_one_frame_is_a_still_and_several_are_a_clip(tmp_path: Path) -> None:
    source = tmp_path / "in"
    animation(source / "moving.gif", durations=(100,) * 8, size=(60, 30))
    animation(source / "still.gif", durations=(100,), size=(60, 30))
    pictures, report = prepare_store(tmp_path / "store", source, frames=8)
    assert (len(pictures), report.videos) == (17, 1)
    assert pictures.name(1) == "moving.gif at 0.00 s, right"
    assert pictures.image(16).shape == (42, 84, 3)
    _, again = prepare_store(tmp_path / "store", source, frames=8)
    assert (again.decoded, again.videos) == (0, 1)


def test_an_animation_is_half_of_no_pair(tmp_path: Path) -> None:
    for name in ("a.gif", "b.gif", "c.gif"):
        animation(tmp_path / "in" / name, durations=(100,) * (2 if name == "a.gif" else 1), size=(60, 30))
    scene(60, 30).save(tmp_path / "in" / "d.png")
    _, report = prepare_store(tmp_path / "store", tmp_path / "in", side="left")
    assert report.skipped == (("a.gif", "is animated, but pairs are made of still pictures"),)
