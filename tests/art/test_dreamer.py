"""Films of dreams: each frame begins from the one before it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from helpers.dreams import drawn, squeezenet
from helpers.files import animation, photo
from limner.art.deepdream import DeepDream
from limner.art.dream_film import write_dream_film
from limner.art.dream_objective import Activation
from limner.art.dream_options import DreamOptions, FilmOptions
from limner.art.dreamer import Dreamer, limit_contrast, measure_contrast
from limner.art.flashes import MAX_FLASHES, count_flashes, mean_luminance, to_linear
from limner.art.warp import warp
from limner.data.arrays import to_image
from limner.data.images import UnreadableFile
from limner.errors import LimnerError
from limner.look.paint import paint_file_with
from limner.mark import read_video_mark
from limner.networks.feature_layers import Layer


def dreamer(film: FilmOptions | None = None, *, layer: Layer = "fire3", pixels: int = 64) -> Dreamer:
    dream = DeepDream(Activation(squeezenet(), layer), DreamOptions(octaves=1, steps=2, pixels=pixels))
    return Dreamer(dream, film or FilmOptions(frame_steps=1))


def image_of(picture: torch.Tensor) -> Image.Image:
    return to_image(picture[0].permute(1, 2, 0).numpy())


def luminance_of(image: Image.Image) -> float:
    picture = torch.from_numpy(np.asarray(image, np.float32) / 255).permute(2, 0, 1)[None]
    return float(mean_luminance(to_linear(picture)))


def test_warp_enlarges_about_the_middle() -> None:
    picture = torch.zeros(1, 1, 65, 65)
    picture[0, 0, 32, 40] = 1
    enlarged = warp(picture, 2, 0)
    assert divmod(int(enlarged.argmax()), 65) == (32, 48)


def test_warp_turns_counter_clockwise_without_distortion() -> None:
    picture = torch.zeros(1, 1, 65, 97)
    picture[0, 0, 32, 64] = 1  # 16 to the right of the middle
    assert divmod(int(warp(picture, 1, 90).argmax()), 97) == (16, 48)


def test_no_warp_changes_nothing() -> None:
    picture = drawn(64)
    assert warp(picture, 1, 0) is picture


def test_the_first_picture_is_dreamt_in_full_and_each_begins_anew() -> None:
    paint, image = dreamer(), image_of(drawn(64))
    first, second = paint(image), paint(image)
    assert np.asarray(first).tobytes() != np.asarray(second).tobytes()
    paint.begin()
    assert np.asarray(paint(image)).tobytes() == np.asarray(first).tobytes()


def test_a_dream_has_the_size_that_was_asked_for() -> None:
    assert dreamer()(Image.new("RGB", (50, 31), "white")).size == (64, 40)
    assert dreamer()(Image.new("RGB", (300, 1000), "grey")).size == (20, 64)


def test_a_picture_too_narrow_for_the_layer_is_a_sentence() -> None:
    deep = dreamer(layer="fire9")
    deep.check_size((640, 212), "PNG")
    with pytest.raises(UnreadableFile) as raised:
        deep.check_size((640, 200), "PNG")
    assert str(raised.value) == (
        "is too narrow: its dream would have 64 x 20 pixels, and fire9 needs 21 a side. "
        "Give --pixels 68 or more, or an earlier --layer"
    )
    with pytest.raises(RuntimeError):
        deep(Image.new("RGB", (640, 200)))
    dreamer(layer="fire9", pixels=68)(Image.new("RGB", (640, 200)))
    dreamer(layer="fire8").check_size((640, 200), "PNG")


def test_a_film_does_not_turn_neon() -> None:
    """Without a limit the contrast doubles in these frames."""
    film = dreamer(FilmOptions(frame_steps=3, flash_limit=False)).film(image_of(drawn(64)), 9, 25)
    first, *others = [
        measure_contrast(torch.from_numpy(np.asarray(frame, np.float32) / 255).permute(2, 0, 1)[None])
        for frame in film
    ]
    assert max(others) <= first + 0.005  # of 8-bit frames


def test_contrast_is_lowered_about_the_mean_and_never_raised() -> None:
    picture = drawn(64)
    contrast = measure_contrast(picture)
    lowered = limit_contrast(picture, contrast / 2)
    assert measure_contrast(lowered) == pytest.approx(contrast / 2, rel=1e-4)
    torch.testing.assert_close(lowered.mean((2, 3)), picture.mean((2, 3)))
    torch.testing.assert_close(limit_contrast(picture, 2 * contrast), picture)


def test_the_camera_share_decides_what_comes_back() -> None:
    black, white = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "white")
    luminances = []
    for camera in (0.0, 1.0):
        paint = dreamer(FilmOptions(frame_steps=1, camera=camera, flash_limit=False))
        paint(black)
        luminances.append(luminance_of(paint(white)))
    assert luminances[0] < 0.1
    assert luminances[1] > 0.8


@pytest.mark.parametrize("is_limited", [True, False])
def test_a_strobing_clip_is_limited(is_limited: bool) -> None:
    film = FilmOptions(frame_steps=1, camera=1, zoom=1, flash_limit=is_limited)
    paint = dreamer(film)
    times = [burst + number / 60 for burst in (0, 0.7, 1.4) for number in range(12)]
    luminances = []
    for number, seconds in enumerate(times):
        paint.begin_frame(seconds)
        luminances.append(
            luminance_of(paint(Image.new("RGB", (64, 64), "white" if number % 2 else "black")))
        )
    assert (count_flashes(luminances, times) <= MAX_FLASHES) == is_limited


def test_a_dreamer_hears_the_times_of_the_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[float] = []
    monkeypatch.setattr(Dreamer, "begin_frame", lambda _, seconds: heard.append(seconds))
    paint_file_with(dreamer(), animation(tmp_path / "clip.gif", durations=(20, 700, 40)))
    assert heard == pytest.approx([0, 0.02, 0.72])


def test_a_film_begins_with_a_picture(tmp_path: Path) -> None:
    source = photo(tmp_path / "photo.png")
    made = write_dream_film(dreamer(), source, seconds=0.2)
    assert made.name == "photo-dream.mp4"
    assert read_video_mark(made) == "painting"
    with av.open(str(made)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 5
    assert max(frames[0].shape) == 64
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() > 1


@pytest.mark.parametrize(
    ("seconds", "name", "sentence"),
    [
        (0.0, "photo.png", "seconds is 0; choose a number above 0"),
        (float("nan"), "photo.png", "seconds is nan"),
        (1.0, "missing.png", "does not exist"),
        (1.0, "text.png", "is a text file"),
    ],
)
def test_films_that_cannot_be_made(tmp_path: Path, seconds: float, name: str, sentence: str) -> None:
    photo(tmp_path / "photo.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(LimnerError, match=sentence):
        write_dream_film(dreamer(), tmp_path / name, seconds=seconds)
