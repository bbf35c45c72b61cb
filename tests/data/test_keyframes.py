"""Frames and their paintings are read as pairs; what does not fit is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import animation, scene, video
from helpers.keyframes import frame, recoloured
from limner.data.keyframes import read_keyframes
from limner.errors import LimnerError


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "frame.png", tmp_path / "painted.png"]
    frame(0).save(paths[0])
    recoloured(frame(0)).save(paths[1])
    return paths


def test_a_pair_keeps_its_pixels(pair: list[Path]) -> None:
    read = read_keyframes(pair, 64)
    assert read.notices == ()
    (only,) = read.pairs
    assert np.array_equal(only.frame, np.asarray(frame(0)))
    assert np.array_equal(only.painted, np.asarray(recoloured(frame(0))))
    assert only.is_painted.all()


def test_a_painting_of_another_size_is_resized_with_a_notice(pair: list[Path]) -> None:
    recoloured(frame(0)).resize((160, 128)).save(pair[1])
    read = read_keyframes(pair, 64)
    assert read.pairs[0].painted.shape == (64, 80, 3)
    assert "160 x 128 pixels and its frame 80 x 64: the painting is resized" in read.notices[0]


def test_a_small_frame_is_enlarged_with_a_notice(pair: list[Path]) -> None:
    read = read_keyframes(pair, 128)
    assert read.pairs[0].frame.shape == (128, 160, 3)
    assert "fewer than the look paints (128): it is enlarged" in read.notices[0]


def test_what_is_transparent_is_not_painted(pair: list[Path]) -> None:
    layer = recoloured(frame(0)).convert("RGBA")
    opacity = np.zeros((64, 80), np.uint8)
    opacity[:, 40:] = 255
    opacity[:32, 40:] = 128
    layer.putalpha(Image.fromarray(opacity))
    layer.save(pair[1])
    (only,) = read_keyframes(pair, 64).pairs
    assert np.array_equal(only.is_painted, opacity > 0)
    own, over = (np.asarray(picture, float) for picture in (frame(0), recoloured(frame(0))))
    assert np.array_equal(only.painted[32:, 40:], over[32:, 40:])
    expected = own + 128 / 255 * (over - own)
    assert np.abs(only.painted[:32, 40:] - expected[:32, 40:]).max() < 1.5


def test_the_digest_changes_with_any_pixel(pair: list[Path]) -> None:
    digests = {read_keyframes(pair, 64).digest()}
    for path in pair:
        picture = Image.open(path)
        picture.putpixel((3, 4), (1, 2, 3))
        picture.save(path)
        digests.add(read_keyframes(pair, 64).digest())
    assert len(digests) == 3


def test_pairs_that_cannot_be_learned_from_are_refused(pair: list[Path], tmp_path: Path) -> None:
    own, painted = pair
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (80, 64)).save(clear)
    tall = tmp_path / "tall.png"
    scene(64, 80).save(tall)
    (tmp_path / "notes.txt").write_text("mine")
    moving = animation(tmp_path / "moving.gif", durations=(100, 100))
    film = video(tmp_path / "film.mp4", frames=3)
    for paths, reason in (
        ([], "Name pairs"),
        ([own], "Name pairs"),
        ([own, painted, own], "Name pairs"),
        ([own, own], "is the same picture as"),
        ([own, clear], "transparent throughout"),
        ([own, tall], "64 x 80 pixels and its frame 80 x 64: both pictures of a pair need the same shape"),
        ([own, moving], "has many frames"),
        ([film, painted], "has many frames"),
        ([own, tmp_path / "missing.png"], "There is no file or folder"),
        ([own, tmp_path / "notes.txt"], "notes.txt"),
        ([own, tmp_path], "no single picture"),
    ):
        with pytest.raises(LimnerError, match=reason):
            read_keyframes(paths, 64)
