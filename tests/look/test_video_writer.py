"""Painted clips: their colours, their size, and what the encoder refuses."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from limner.data.videos import FrameReader
from limner.errors import LimnerError
from limner.look.video_writer import MAX_SIDE, video_writer

COLOURS = ((200, 60, 40), (40, 180, 60), (50, 70, 200), (128, 128, 128))


def write(path: Path, picture: Image.Image) -> Path:
    with (
        path.open("wb") as file,
        video_writer(file, path.suffix, picture.size, Fraction(5)) as write_frame,
    ):
        write_frame(picture, 0, 0.2)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("width", [256, 1280])
def test_a_clip_has_the_painted_colours_at_any_size(tmp_path: Path, width: int, suffix: str) -> None:
    """Players take a clip that does not name its colours for BT.601 or BT.709, by its size."""
    picture = Image.new("RGB", (width, 64))
    part = width // len(COLOURS)
    for index, colour in enumerate(COLOURS):
        picture.paste(colour, (index * part, 0, (index + 1) * part, 64))
    path = write(tmp_path / f"a{suffix}", picture)
    (frame,) = FrameReader(path, 1)
    found = np.asarray(frame.image, int)[32, part // 2 :: part]
    assert np.abs(found - COLOURS).max() <= 3
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        bt709, limited = 1, 1
        assert (codec.colorspace, codec.color_primaries, codec.color_trc) == (bt709, bt709, bt709)
        assert codec.color_range == limited


def test_an_odd_side_loses_its_last_pixel(tmp_path: Path) -> None:
    (frame,) = FrameReader(write(tmp_path / "a.mp4", Image.new("RGB", (65, 33), "teal")), 1)
    assert frame.image.size == (64, 32)


def test_a_fault_of_the_frames_reader_is_not_the_encoder_s() -> None:
    with (
        pytest.raises(av.error.InvalidDataError),
        video_writer(io.BytesIO(), ".mp4", (16, 16), Fraction(5)) as write_frame,
    ):
        write_frame(Image.new("RGB", (16, 16)), 0, 1)
        raise av.error.InvalidDataError(1, "a frame to paint is damaged")


def test_what_the_encoder_refuses_is_a_sentence() -> None:
    with (
        pytest.raises(LimnerError, match=r"A clip of 16,386 x 16 pixels cannot be written as H\.264 \("),
        video_writer(io.BytesIO(), ".mp4", (MAX_SIDE + 2, 16), Fraction(5)) as write_frame,
    ):
        write_frame(Image.new("RGB", (MAX_SIDE + 2, 16)), 0, 1)
