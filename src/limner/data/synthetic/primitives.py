"""What all drawings share: noise, ramps of colour, soft edges, and laying one thing over another.

A picture in the making is a float32 array (S, S, 3) of 0..1, and places in it are x to the right and y
down, 0..1. Edges are softened over a pixel by `smoothstep`, in place of
antialiasing by drawing larger and shrinking.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.floating[Any]]
"""float32 where it is a picture; numbers along the way may have more bits."""
Colour = tuple[float, float, float]
Stop = tuple[float, Colour]


def pixel_grid(size: int) -> tuple[Floats, Floats]:
    """x (1, S) and y (S, 1) of the middles of the pixels, 0..1."""
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    return at[None, :], at[:, None]


def smoothstep(low: float | Floats, high: float | Floats, values: Floats) -> Floats:
    """0 up to `low`, 1 from `high` on, and a soft step between; `low` may be the larger."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def fractal_noise(
    rng: np.random.Generator, size: int, cells: tuple[int, int], octaves: int = 4, gain: float = 0.5
) -> Floats:
    """Fractal noise (S, S), about 0..1: random grids of `cells` (down, across), each twice as fine."""
    total = np.zeros((size, size), np.float32)
    weight = 1.0
    down, across = cells
    for _ in range(octaves):
        grid = rng.random((min(down, size) + 1, min(across, size) + 1), dtype=np.float32)
        fine = Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC)
        total += weight * np.asarray(fine, np.float32)
        weight *= gain
        down, across = 2 * down, 2 * across
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def noise_1d(rng: np.random.Generator, size: int, cells: int, octaves: int = 4) -> Floats:
    """Fractal noise along a line, (S,), about -1..1."""
    at = np.linspace(0, 1, size, dtype=np.float32)
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        knots = cells * 2**octave + 2
        values = rng.uniform(-1, 1, knots) * 0.5**octave
        place = at * (knots - 1.001)
        left = place.astype(int)
        t = smoothstep(0.0, 1.0, np.asarray(place - left, np.float32))
        total += np.asarray(values[left] * (1 - t) + values[left + 1] * t, np.float32)
    return total / 1.6


def color_ramp(values: Floats | float, stops: tuple[Stop, ...]) -> Floats:
    """Colours (..., 3) for values (...) of 0..1: straight lines between the stops."""
    table = _table(stops)
    rows = np.clip(np.asarray(values) * (len(table) - 1), 0, len(table) - 1)
    return np.asarray(table[rows.astype(np.intp)])


@cache
def _table(stops: tuple[Stop, ...]) -> Floats:
    at = [stop for stop, _ in stops]
    fine = np.linspace(0, 1, 1024)
    channels = [np.interp(fine, at, [colour[c] for _, colour in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def mix(one: Floats, other: Floats | Colour, share: Floats | float) -> Floats:
    """`one` (..., 3) turned by `share` (...) into `other`."""
    weight = np.asarray(share, np.float32)[..., None]
    return np.asarray(one + (np.asarray(other, np.float32) - one) * weight, np.float32)


def glow(size: int, x: float, y: float, radius: float) -> Floats:
    """A soft round light (S, S), 1 in its middle."""
    across, down = pixel_grid(size)
    return np.asarray(np.exp(-((across - x) ** 2 + (down - y) ** 2) / radius**2), np.float32)


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A random number from low to high."""
    return float(rng.uniform(low, high))


def to_image(picture: Floats) -> Image.Image:
    """The picture as 8 bits RGB."""
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))


class Patch:
    """The part of a picture around a thing, with the thing's own coordinates.

    `u`, `v` are turned by `turn` radians and scaled so that `reach` is 1; `pixel` is one pixel in them.
    `wide` narrows the part for a thing that is less wide than tall: all cost goes by area.
    `empty` if the thing lies outside the picture.
    """

    def __init__(
        self,
        picture: Floats,
        place: tuple[float, float],
        reach: float,
        turn: float = 0.0,
        wide: float = 1.0,
    ) -> None:
        size = picture.shape[0]
        x, y = place
        left, right = (int(np.clip((x + d * wide * reach) * size, 0, size)) for d in (-1.0, 1.0))
        top, bottom = (int(np.clip((y + d * reach) * size, 0, size)) for d in (-1.0, 1.0))
        self.view = picture[top : bottom + 1, left : right + 1]
        self.empty = 0 in self.view.shape
        across = (np.arange(left, left + self.view.shape[1], dtype=np.float32) + 0.5) / size - x
        down = (np.arange(top, top + self.view.shape[0], dtype=np.float32) + 0.5) / size - y
        cos, sin = np.float32(np.cos(turn) / reach), np.float32(np.sin(turn) / reach)
        self.u: Floats = across[None, :] * cos + down[:, None] * sin
        self.v: Floats = down[:, None] * cos - across[None, :] * sin
        self.pixel = 1 / (size * reach)

    def lay(self, colour: Floats | Colour, cover: Floats) -> None:
        """Lay a colour over the picture where `cover` (h, w) is 1."""
        self.view[:] = mix(self.view, colour, cover)
