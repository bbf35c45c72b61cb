"""Convert pictures of any shape to the one that a network takes, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def center_crop(
    picture: Image.Image, size: int | tuple[int, int], *, whole: bool = False
) -> NDArray[np.float32]:
    """The largest centred part of an RGB picture that has the shape of `size`, as (H, W, 3) in 0..1.

    It is resized to `size`, width and height or the side of a square, with antialiasing. `whole` squeezes
    the whole picture into it instead.
    """
    across, down = (size, size) if isinstance(size, int) else size
    width, height = picture.size
    scale = min(width / across, height / down)
    left, top = (width - across * scale) / 2, (height - down * scale) / 2
    box = (0.0, 0.0, float(width), float(height)) if whole else (left, top, width - left, height - top)
    small = picture.resize((across, down), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def to_image(values: NDArray[np.floating[Any]]) -> Image.Image:
    """(H, W, 1 or 3) in 0..1 as an 8-bit RGB picture."""
    colours = np.broadcast_to(values, (*values.shape[:2], 3))
    return Image.fromarray((colours * 255 + 0.5).clip(0, 255).astype(np.uint8))
