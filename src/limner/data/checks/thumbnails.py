"""Thumbnails: the small summary of a picture that the checks use."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]


_LAYOUT_SIDE = 16
_HASH_SIDE = 32
_FREQUENCIES = 8
_TILE_SIDE = 96
SQUARE_SIDE = 128
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Thumbnail:
    """The summary of one picture."""

    name: str
    width: int
    height: int
    """Size of the source, in pixels."""
    video: bool
    layout: Floats = field(repr=False, compare=False)
    """(16, 16, 3) RGB, 0..1: area means over the whole picture."""
    code: npt.NDArray[np.bool_] = field(repr=False, compare=False)
    """(63,) perceptual hash."""
    contrast: float
    """Standard deviation of grey, 0..0.5, at 32 x 32."""
    tile: Image.Image | None = field(repr=False, compare=False)
    """At most 96 x 96, for the contact sheet."""
    square: npt.NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    """(128, 128, 3) RGB: the middle square, for features of the subject."""

    @property
    def grey(self) -> Floats:
        """(16, 16), 0..1."""
        return self.layout @ _LUMA

    @property
    def colourfulness(self) -> float:
        """Mean of the largest minus the smallest of R, G, B: 0 is grey, 1 is pure colour."""
        return float(np.mean(self.layout.max(axis=2) - self.layout.min(axis=2)))


def make_thumbnail(
    image: Image.Image,
    name: str,
    size: tuple[int, int],
    *,
    video: bool = False,
    tile: bool = True,
    square: bool = False,
) -> Thumbnail:
    """Make the thumbnail of an RGB picture whose source has `size` (width, height)."""
    grey = np.asarray(_shrink(image.convert("L"), _HASH_SIDE), np.float64) / 255
    tile_image = image.copy() if tile else None
    if tile_image is not None:
        tile_image.thumbnail((_TILE_SIDE, _TILE_SIDE))
    return Thumbnail(
        name=name,
        width=size[0],
        height=size[1],
        video=video,
        layout=np.asarray(_shrink(image, _LAYOUT_SIDE), np.float32) / np.float32(255),
        code=_perceptual_hash(grey),
        contrast=float(grey.std()),
        tile=tile_image,
        square=middle_square(image) if square else None,
    )


def middle_square(image: Image.Image) -> npt.NDArray[np.uint8]:
    """(128, 128, 3): the middle square of an RGB picture."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((SQUARE_SIDE, SQUARE_SIDE), Image.Resampling.BOX, box=box))


def _shrink(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.BOX)


def _perceptual_hash(grey: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """The signs of the lowest 8 x 8 cosine frequencies against their median (Zauner 2010, pHash)."""
    at = np.arange(_HASH_SIDE)
    cosines = np.cos(np.pi * (2 * at[None, :] + 1) * at[:_FREQUENCIES, None] / (2 * _HASH_SIDE))
    frequencies = (cosines @ grey @ cosines.T).ravel()[1:]  # without the mean brightness
    return np.asarray(frequencies > np.median(frequencies))
