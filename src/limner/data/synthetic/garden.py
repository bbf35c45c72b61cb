"""A meadow with flowers: pale ones in the light, red and violet ones where it is darker."""

from dataclasses import dataclass

import numpy as np

from limner.data.synthetic.primitives import (
    Colour,
    Floats,
    Patch,
    Stop,
    color_ramp,
    fractal_noise,
    glow,
    mix,
    pixel_grid,
    smoothstep,
    uniform,
)

MEADOW: tuple[Stop, ...] = (
    (0.0, (0.01, 0.05, 0.06)),
    (0.25, (0.04, 0.17, 0.10)),
    (0.5, (0.16, 0.38, 0.10)),
    (0.75, (0.48, 0.62, 0.18)),
    (1.0, (0.88, 0.88, 0.50)),
)
PETALS: tuple[Stop, ...] = (
    (0.0, (0.24, 0.06, 0.42)),
    (0.2, (0.52, 0.06, 0.38)),
    (0.4, (0.86, 0.12, 0.22)),
    (0.6, (0.97, 0.45, 0.42)),
    (0.78, (1.0, 0.74, 0.30)),
    (1.0, (1.0, 0.97, 0.90)),
)
"""From the darkest flowers to the palest: a flower's brightness determines its colour."""


@dataclass(frozen=True)
class _Spot:
    """The position of a flower and its radius."""

    x: float
    y: float
    radius: float


def garden(rng: np.random.Generator, size: int) -> Floats:
    """Draw one meadow, (S, S, 3)."""
    light = _light(rng, size)
    picture = color_ramp(light, MEADOW)
    _far_flowers(rng, picture)
    _grass(rng, picture, light)
    sizes = np.sort(0.035 + 0.25 * rng.random(int(rng.integers(4, 15))) ** uniform(rng, 1.2, 4.0))
    for radius in sizes:
        spot = _Spot(uniform(rng, -0.05, 1.05), uniform(rng, 0.0, 1.05), float(radius))
        _flower(rng, picture, spot)
    return _add_sunlight(rng, picture)


def _light(rng: np.random.Generator, size: int) -> Floats:
    """Brightness of the meadow, 0..1: large patches of sun and shade, lighter in the distance (above)."""
    _, y = pixel_grid(size)
    patches = fractal_noise(rng, size, (2, 2), octaves=2, gain=0.4)
    leaves = fractal_noise(rng, size, (14, 10), octaves=3, gain=0.6)
    level, swing = uniform(rng, 0.18, 0.45), uniform(rng, 0.35, 0.8)
    haze = uniform(rng, 0.0, 0.45) * (1 - y) ** 2
    return np.asarray(np.clip(level + swing * (patches - 0.5) + 0.16 * (leaves - 0.5) + haze, 0, 1))


def _far_flowers(rng: np.random.Generator, picture: Floats) -> None:
    """Draw out-of-focus discs."""
    for _ in range(int(rng.integers(4, 22))):
        x, y = uniform(rng, 0, 1), uniform(rng, 0, 0.9) ** 1.4
        patch = Patch(picture, (x, y), uniform(rng, 0.02, 0.07))
        if not patch.is_empty:
            distance = np.hypot(patch.u, patch.v)
            cover = smoothstep(1.0, 0.6, distance) * uniform(rng, 0.25, 0.65)
            patch.blend(color_ramp(uniform(rng, 0.2, 1.0), PETALS), cover)


def _grass(rng: np.random.Generator, picture: Floats, light: Floats) -> None:
    """Draw blades: nearer ones are longer and cover others; the light at a blade sets its shade."""
    size = picture.shape[0]
    for root in np.sort(rng.uniform(0.25, 1.25, 56)):
        x, height = uniform(rng, -0.05, 1.05), uniform(rng, 0.1, 0.3) * (0.4 + root)
        y = float(root) - height / 2
        patch = Patch(picture, (x, y), height / 2, rotation=uniform(rng, -0.35, 0.35), aspect=0.6)
        if patch.is_empty:
            continue
        bend = uniform(rng, -0.3, 0.3)
        along = np.clip((patch.v + 1) / 2, 0, 1)
        width = uniform(rng, 0.03, 0.07) * along + 0.4 * patch.pixel
        offset = np.abs(patch.u - bend * (1 - along) ** 2)
        cover = smoothstep(width + patch.pixel, width - patch.pixel, offset) * (np.abs(patch.v) < 1)
        row, column = (int(np.clip(p * size, 0, size - 1)) for p in (y, x))
        shade = np.float32(light[row, column] + uniform(rng, -0.12, 0.2))
        patch.blend(color_ramp(np.clip(shade - 0.1 + 0.25 * (1 - along), 0, 1), MEADOW), 0.85 * cover)


def _flower(rng: np.random.Generator, picture: Floats, spot: _Spot) -> None:
    bend = uniform(rng, -0.15, 0.15)
    _stem(picture, spot, bend)
    for side in (-1.0, 1.0):
        if rng.random() < 0.7:
            _leaf(rng, picture, spot, side)
    _blossom(rng, picture, spot, pale=uniform(rng, 0.0, 1.0))


def _stem(picture: Floats, spot: _Spot, bend: float) -> None:
    reach = max(1.1 - spot.y, 0.05)
    patch = Patch(picture, (spot.x, spot.y + reach / 2), reach / 2 + 0.02, aspect=0.25 + spot.radius)
    if patch.is_empty:
        return
    down = np.clip((patch.v + 1) / 2, 0, 1)
    width = 0.10 * spot.radius / reach + patch.pixel
    offset = patch.u - bend * down**2
    cover = smoothstep(width + patch.pixel, width - patch.pixel, np.abs(offset))
    lit = np.clip(0.42 - 0.14 * offset / max(width, 1e-3) - 0.18 * down, 0, 1)
    patch.blend(color_ramp(lit, MEADOW), cover)


def _leaf(rng: np.random.Generator, picture: Floats, spot: _Spot, side: float) -> None:
    length = spot.radius * uniform(rng, 0.7, 1.2)
    rotation = side * uniform(rng, 0.3, 0.9)
    middle_x = spot.x + side * length * np.cos(rotation)
    middle_y = spot.y + spot.radius * uniform(rng, 1.3, 2.4) - length * abs(np.sin(rotation))
    patch = Patch(picture, (float(middle_x), float(middle_y)), length, rotation=-rotation)
    if patch.is_empty:
        return
    width = np.asarray(0.26 * np.clip(1 - patch.u**2, 0, 1), np.float32)
    cover = smoothstep(width + patch.pixel, width - patch.pixel, np.abs(patch.v)) * (width > 0.01)
    vein = smoothstep(0.035, 0.0, np.abs(patch.v))
    lit = 0.38 + 0.12 * vein - 0.35 * patch.v + 0.06 * np.sin(14 * patch.u + 9 * np.abs(patch.v))
    patch.blend(color_ramp(np.clip(lit, 0.1, 0.8).astype(np.float32), MEADOW), cover)


def _blossom(rng: np.random.Generator, picture: Floats, spot: _Spot, *, pale: float) -> None:
    """Draw rings of petals in polar coordinates, and a flower head."""
    patch = Patch(picture, (spot.x, spot.y), 1.15 * spot.radius, rotation=uniform(rng, -0.4, 0.4))
    if patch.is_empty:
        return
    tilt = uniform(rng, 1.0, 1.5)
    distance = np.hypot(patch.u, patch.v * tilt) * 1.15
    angle = np.arctan2(patch.v * tilt, patch.u)
    shadow = smoothstep(1.25, 0.5, np.hypot(patch.u - 0.06, patch.v * tilt - 0.14) * 1.15)
    patch.blend((0.01, 0.04, 0.04), 0.45 * shadow)
    count, rings = int(rng.integers(5, 19)), int(rng.integers(1, 5))
    tip, roundness = uniform(rng, 0.12, 0.45), uniform(rng, 1.4, 4.0)
    for ring in range(rings):
        reach = 1 - 0.72 * ring / rings
        petal_angle = angle + ring * np.pi / count + uniform(rng, -0.1, 0.1)
        _ring(rng, patch, distance / reach, petal_angle, (count, tip, roundness, pale + 0.09 * ring))
    _flower_head(rng, patch, distance, uniform(rng, 0.14, 0.34) * (0.5 if rings > 2 else 1.0), pale)


def _ring(
    rng: np.random.Generator,
    patch: Patch,
    distance: Floats,
    angle: Floats,
    shape: tuple[int, float, float, float],
) -> None:
    count, tip, roundness, pale = shape
    petal_position = np.mod(angle / (2 * np.pi), 1) * count
    petal = petal_position.astype(int) % count
    off = np.abs(np.mod(petal_position, 1) * 2 - 1)  # 0 in the middle of a petal, 1 between two petals
    lengths = rng.uniform(0.9, 1.05, count).astype(np.float32)[petal]
    shades = rng.uniform(-0.07, 0.07, count).astype(np.float32)[petal]
    edge = lengths * (1 - tip * off**roundness)
    soft = 1.15 * patch.pixel
    cover = smoothstep(edge + soft, edge - soft, distance)
    vein = 0.05 * np.cos(off * 16) * (1 - off)
    lit = pale + shades + vein + 0.14 * (distance - 0.6) - 0.07 * patch.v
    colour = color_ramp(np.clip(lit, 0, 1).astype(np.float32), PETALS)
    gap = 0.5 * smoothstep(0.62, 1.0, off.astype(np.float32)) * (1 - 0.5 * distance)
    deep = 0.35 * smoothstep(0.7, 0.1, distance)
    patch.blend(colour * (1 - np.clip(gap + deep, 0, 0.7))[..., None], cover)


def _flower_head(
    rng: np.random.Generator, patch: Patch, distance: Floats, radius: float, pale: float
) -> None:
    """Draw the flower head: a domed disc with seeds, golden in pale flowers, dark in others."""
    cover = smoothstep(radius + patch.pixel, radius - 2 * patch.pixel, distance)
    dome = np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, 1))
    angle = np.arctan2(patch.v, patch.u)
    spirals = 8 * np.pi * np.sqrt(distance / radius)  # as in a sunflower: two crossing sets
    seeds = np.cos(13 * angle + spirals) + np.cos(8 * angle - spirals)
    gold: Colour = (0.93, 0.66, 0.12) if pale > 0.45 or rng.random() < 0.3 else (0.32, 0.14, 0.10)
    bright = np.clip(0.45 + 0.5 * dome + 0.1 * seeds - 0.12 * patch.v / radius, 0.1, 1.2)
    colour = np.asarray(gold, np.float32) * bright.astype(np.float32)[..., None]
    patch.blend(colour, cover)


def _add_sunlight(rng: np.random.Generator, picture: Floats) -> Floats:
    """Add a light at a random position, and shade outside its reach."""
    size = picture.shape[0]
    beam = glow(size, uniform(rng, 0, 1), uniform(rng, 0, 0.8), uniform(rng, 0.35, 0.9))
    dim = uniform(rng, 0.45, 0.9)
    lit = picture * (dim + (1.12 - dim) * beam)[..., None]
    warm = 0.22 * rng.random() * beam**2
    return mix(lit, (1.0, 0.93, 0.66), warm)
