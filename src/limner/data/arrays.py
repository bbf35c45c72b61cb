"""Convert pictures of any shape to the square that a network takes, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def center_crop(picture: Image.Image, pixels: int, *, whole: bool = False) -> NDArray[np.float32]:
    """The centre square of an RGB picture, as (pixels, pixels, 3) in 0..1, resized with antialiasing.

    `whole` squeezes the whole picture into the square instead.
    """
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (0.0, 0.0, float(width), float(height)) if whole else (left, top, left + side, top + side)
    small = picture.resize((pixels, pixels), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def to_image(values: NDArray[np.floating[Any]]) -> Image.Image:
    """(H, W, 1 or 3) in 0..1 as an 8-bit RGB picture."""
    colours = np.broadcast_to(values, (*values.shape[:2], 3))
    return Image.fromarray((colours * 255 + 0.5).clip(0, 255).astype(np.uint8))
