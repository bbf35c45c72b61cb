"""Frames of a drawn clip, and what a script paints over them: other colours than the camera's."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.data.keyframes import Keyframe, Keyframes
from limner.data.synthetic.garden import garden
from limner.data.synthetic.primitives import color_ramp, to_image

INKS = (
    (0.0, (0.05, 0.05, 0.25)),
    (0.4, (0.75, 0.2, 0.35)),
    (0.7, (1.0, 0.7, 0.3)),
    (1.0, (0.9, 1.0, 0.95)),
)
"""From the darkest places to the lightest."""


@cache
def _scene() -> NDArray[np.uint8]:
    return np.asarray(to_image(garden(np.random.default_rng(3), 160)))


def frame(number: int) -> Image.Image:
    """One of eight frames, 80 x 64 pixels: a camera pans over a meadow."""
    left, top = 4 * number, 3 * number
    return Image.fromarray(_scene()[top : top + 64, left : left + 80])


def recoloured(picture: Image.Image) -> Image.Image:
    """The picture in other inks."""
    light = np.asarray(picture.convert("L"), np.float32) / 255
    return to_image(color_ramp(light, INKS))


def pair(number: int) -> Keyframe:
    """A frame and its painting, all of it painted."""
    own = frame(number)
    return Keyframe(np.asarray(own), np.asarray(recoloured(own)), np.ones((64, 80), bool))


def keyframes(*numbers: int) -> Keyframes:
    return Keyframes(tuple(pair(number) for number in numbers), ())


def psnr(picture: Image.Image, truth: Image.Image) -> float:
    """In dB, of 8-bit pictures."""
    apart = np.asarray(picture, np.float32) - np.asarray(truth, np.float32)
    return float(10 * np.log10(255**2 / np.mean(apart**2)))
