"""Brush strokes keep what a picture shows, and are seen as strokes."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from limner.data.strokes import BRUSHES, THINNEST, paint_strokes

SIDE = 192


def to_grey(picture: Image.Image) -> NDArray[np.floating]:
    return np.asarray(picture.convert("L"), np.float32) / 255


def two_halves(width: int, height: int) -> Image.Image:
    """A picture that is orange on its left, and blue on its right."""
    picture = Image.new("RGB", (width, height), (230, 140, 30))
    picture.paste((20, 50, 130), (width // 2, 0, width, height))
    return picture


@pytest.mark.parametrize("size", [(SIDE, SIDE), (SIDE, 301), (SIDE + 77, SIDE)])
def test_size_and_colours_stay(size: tuple[int, int]) -> None:
    picture = two_halves(*size)
    painted = paint_strokes(picture)
    assert (painted.size, painted.mode) == (size, "RGB")
    for half in (0, 1):
        box = (half * size[0] // 2, 0, (half + 1) * size[0] // 2, size[1])
        before, after = (np.asarray(p.crop(box), np.float32).mean((0, 1)) for p in (picture, painted))
        np.testing.assert_allclose(after, before, atol=8)


def test_a_flat_colour_shows_strokes() -> None:
    """Real ones vary a little in colour; a picture without them has one value."""
    assert 0.005 < to_grey(paint_strokes(Image.new("RGB", (SIDE, SIDE), (90, 120, 200)))).std() < 0.05


def test_edges_stay_sharp_and_where_they_were() -> None:
    columns = to_grey(paint_strokes(two_halves(SIDE, SIDE))).mean(0)
    middle = (columns[: SIDE // 4].mean() + columns[-SIDE // 4 :].mean()) / 2
    (crossing,) = np.flatnonzero(np.diff(columns > middle))
    assert abs(crossing + 1 - SIDE / 2) <= 2
    steep = np.flatnonzero(np.abs(columns - middle) < 0.8 * abs(columns[0] - middle))
    assert np.ptp(steep) <= 6


def test_strokes_follow_edges() -> None:
    """Along stripes a painting changes less than across them, though the stripes are left out."""
    x = np.arange(SIDE)
    stripes = np.tile(128 + 90 * np.sin(2 * np.pi * x / 48), (SIDE, 1)).astype(np.uint8)
    picture = Image.fromarray(np.stack([stripes] * 3, axis=-1))
    strokes = to_grey(paint_strokes(picture)) - to_grey(picture)
    along, across = (np.abs(np.diff(strokes, axis=axis)).mean() for axis in (0, 1))
    assert along < 0.75 * across


def test_the_same_picture_is_painted_in_the_same_way() -> None:
    picture = two_halves(SIDE, SIDE)
    other = picture.copy()
    other.putpixel((0, 0), (231, 140, 30))
    first, second, third = (paint_strokes(p).tobytes() for p in (picture, picture.copy(), other))
    assert first == second != third


def test_a_picture_too_small_for_strokes_stays() -> None:
    side = int(THINNEST / BRUSHES[0]) - 1
    picture = two_halves(side, side)
    assert paint_strokes(picture) is picture
