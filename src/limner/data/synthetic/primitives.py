"""Drawing primitives: noise, colour ramps, soft edges, and alpha blending.

A picture is a float32 array (S, S, 3) of 0..1. Positions in it are x to the right and y down, 0..1.
`smoothstep` softens edges over a pixel; this replaces antialiasing by drawing larger and shrinking.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.floating[Any]]
"""float32 for a picture; intermediate values may have more bits."""
Colour = tuple[float, float, float]
Stop = tuple[float, Colour]


def pixel_grid(size: int) -> tuple[Floats, Floats]:
    """x (1, S) and y (S, 1) of the pixel centres, 0..1."""
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    return at[None, :], at[:, None]


def smoothstep(low: float | Floats, high: float | Floats, values: Floats) -> Floats:
    """0 up to `low`, 1 from `high` on, and a soft step between; `low` may be larger than `high`."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def fractal_noise(
    rng: np.random.Generator, size: int, cells: tuple[int, int], octaves: int = 4, gain: float = 0.5
) -> Floats:
    """Fractal noise (S, S), 0..1: random grids, the first of `cells` (down, across), each twice as fine."""
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
        position = at * (knots - 1.001)
        left = position.astype(int)
        t = smoothstep(0.0, 1.0, np.asarray(position - left, np.float32))
        total += np.asarray(values[left] * (1 - t) + values[left + 1] * t, np.float32)
    return total / 1.6


def color_ramp(values: Floats | float, stops: tuple[Stop, ...]) -> Floats:
    """Colours (..., 3) for values (...) of 0..1, interpolated linearly between the stops."""
    table = _table(stops)
    rows = np.clip(np.asarray(values) * (len(table) - 1), 0, len(table) - 1)
    return np.asarray(table[rows.astype(np.intp)])


@cache
def _table(stops: tuple[Stop, ...]) -> Floats:
    at = [stop for stop, _ in stops]
    fine = np.linspace(0, 1, 1024)
    channels = [np.interp(fine, at, [colour[c] for _, colour in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def mix(base: Floats, overlay: Floats | Colour, alpha: Floats | float) -> Floats:
    """Interpolate from `base` (..., 3) to `overlay` by `alpha` (...)."""
    weight = np.asarray(alpha, np.float32)[..., None]
    return np.asarray(base + (np.asarray(overlay, np.float32) - base) * weight, np.float32)


def glow(size: int, x: float, y: float, radius: float) -> Floats:
    """A soft round light (S, S), 1 at its centre."""
    across, down = pixel_grid(size)
    return np.asarray(np.exp(-((across - x) ** 2 + (down - y) ** 2) / radius**2), np.float32)


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A random number from low to high."""
    return float(rng.uniform(low, high))


def to_image(picture: Floats) -> Image.Image:
    """The picture as 8-bit RGB."""
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))


class Patch:
    """The part of a picture around an object, with the object's local coordinates.

    `u` and `v` are rotated by `rotation` radians and scaled so that `reach` is 1; `pixel` is the size of
    one pixel in them. `aspect` narrows the patch for an object taller than wide: cost grows with area.
    `is_empty` is true if the object lies outside the picture.
    """

    def __init__(
        self,
        picture: Floats,
        centre: tuple[float, float],
        reach: float,
        rotation: float = 0.0,
        aspect: float = 1.0,
    ) -> None:
        size = picture.shape[0]
        x, y = centre
        left, right = (int(np.clip((x + d * aspect * reach) * size, 0, size)) for d in (-1.0, 1.0))
        top, bottom = (int(np.clip((y + d * reach) * size, 0, size)) for d in (-1.0, 1.0))
        self.view = picture[top : bottom + 1, left : right + 1]
        self.is_empty = 0 in self.view.shape
        across = (np.arange(left, left + self.view.shape[1], dtype=np.float32) + 0.5) / size - x
        down = (np.arange(top, top + self.view.shape[0], dtype=np.float32) + 0.5) / size - y
        cos, sin = np.float32(np.cos(rotation) / reach), np.float32(np.sin(rotation) / reach)
        self.u: Floats = across[None, :] * cos + down[:, None] * sin
        self.v: Floats = down[:, None] * cos - across[None, :] * sin
        self.pixel = 1 / (size * reach)

    def blend(self, colour: Floats | Colour, cover: Floats) -> None:
        """Blend a colour over the picture with the alpha `cover` (h, w)."""
        self.view[:] = mix(self.view, colour, cover)
