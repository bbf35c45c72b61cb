"""The night sky: stars, the Milky Way, northern lights, a moon, and hills with firs in front."""

import numpy as np

from limner.data.synthetic.primitives import (
    Floats,
    Patch,
    Stop,
    color_ramp,
    fractal_noise,
    glow,
    mix,
    noise_1d,
    pixel_grid,
    smoothstep,
    uniform,
)

SKY: tuple[Stop, ...] = (
    (0.0, (0.01, 0.025, 0.09)),
    (0.3, (0.04, 0.10, 0.30)),
    (0.6, (0.15, 0.26, 0.54)),
    (0.85, (0.52, 0.52, 0.74)),
    (1.0, (0.95, 0.88, 0.86)),
)
LIGHTS: tuple[Stop, ...] = (
    (0.0, (0.62, 1.0, 0.72)),
    (0.25, (0.18, 0.95, 0.55)),
    (0.55, (0.10, 0.60, 0.66)),
    (1.0, (0.52, 0.16, 0.72)),
)
"""Northern lights from their lower edge upwards."""


def night(rng: np.random.Generator, size: int) -> Floats:
    """Draw one night, (S, S, 3)."""
    draws = rng.random(4)
    picture = color_ramp(_base(rng, size, has_milky_way=draws[0] < 0.6 or draws[1] >= 0.65), SKY)
    picture = _stars(rng, picture)
    if draws[1] < 0.65:
        for _ in range(int(rng.integers(1, 4))):
            picture = _northern_lights(rng, picture)
    if draws[2] < 0.5:
        picture = _moon(rng, picture)
    shore = uniform(rng, 0.62, 0.8) if draws[3] < 0.4 else 1.0
    picture = _hills(rng, picture, shore)
    return picture if shore == 1.0 else _lake(rng, picture, shore)


def _base(rng: np.random.Generator, size: int, *, has_milky_way: bool) -> Floats:
    """Brightness of the sky, 0..1: lighter towards the ground, with the Milky Way or with haze."""
    x, y = pixel_grid(size)
    light = uniform(rng, 0.10, 0.3) + uniform(rng, 0.0, 0.35) * y**2 * np.ones_like(x)
    if has_milky_way:
        rotation = uniform(rng, 0, np.pi)
        from_x, from_y = x - uniform(rng, 0.2, 0.8), y - uniform(rng, 0.1, 0.6)
        offset = from_x * np.sin(rotation) - from_y * np.cos(rotation)
        warp = fractal_noise(rng, size, (3, 3), octaves=4)
        fine = fractal_noise(rng, size, (7, 7), octaves=4, gain=0.65)
        width = uniform(rng, 0.12, 0.26)
        band = np.exp(-(((offset + 0.24 * (warp - 0.5)) / width) ** 2))
        dust = smoothstep(0.45, 0.75, fine) * np.exp(
            -(((offset + 0.1 * (fine - 0.5)) / (0.4 * width)) ** 2)
        )
        light = light + uniform(rng, 0.5, 0.9) * band * (0.4 + 0.7 * fine) * (1 - 0.75 * dust)
    else:
        haze = fractal_noise(rng, size, (2, 3), octaves=4)
        light = light + uniform(rng, 0.0, 0.4) * smoothstep(0.4, 1.0, haze)
    return np.asarray(np.clip(light, 0, 1), np.float32)


def _stars(rng: np.random.Generator, picture: Floats) -> Floats:
    """Add stars: many small ones, and a few large ones with a halo, as painters see them."""
    tints = ((0.75, 0.86, 1.0), (1.0, 1.0, 0.96), (1.0, 0.88, 0.62))
    picture = picture.copy()
    for _ in range(int(rng.integers(30, 90))):
        radius = 0.004 * (1 + min(float(rng.pareto(2.0)), 4))
        patch = Patch(picture, (uniform(rng, 0, 1), uniform(rng, 0, 0.9)), 4 * radius)
        if not patch.is_empty:
            distance = 4 * np.hypot(patch.u, patch.v)
            disc = smoothstep(1.3, 0.7, distance)
            halo = 0.55 * np.exp(-1.1 * distance) * smoothstep(4.0, 2.0, distance)
            light = uniform(rng, 0.5, 1.0) * np.maximum(disc, halo)
            patch.blend(tints[int(rng.integers(0, 3))], light)
    return picture


def _northern_lights(rng: np.random.Generator, picture: Floats) -> Floats:
    """Add one curtain of light: sharp below, fading upwards in rays."""
    size = picture.shape[0]
    _, y = pixel_grid(size)
    edge = uniform(rng, 0.2, 0.75) + uniform(rng, 0.08, 0.25) * noise_1d(rng, size, 2, octaves=3)
    length = uniform(rng, 0.15, 0.5) * (1 + 0.5 * noise_1d(rng, size, 9, octaves=3))
    strength = smoothstep(-0.5, 0.6, noise_1d(rng, size, 2, octaves=2) + 0.2)
    rays = 0.55 + 0.45 * noise_1d(rng, size, 18, octaves=3)
    up = (edge[None, :] - y) / np.maximum(length, 0.05)[None, :]
    shape = smoothstep(-0.16, 0.06, up.astype(np.float32)) * np.exp(-1.9 * np.clip(up, 0, None))
    power = uniform(rng, 0.6, 1.0) * (strength * rays)[None, :] * shape
    colour = color_ramp(np.clip(up, 0, 1).astype(np.float32), LIGHTS)
    # Screen blending: light adds to light but stays below white, as in a photo.
    return np.asarray(1 - (1 - np.clip(picture, 0, 1)) * (1 - colour * power[..., None]), np.float32)


def _moon(rng: np.random.Generator, picture: Floats) -> Floats:
    size = picture.shape[0]
    x, y, radius = uniform(rng, 0.1, 0.9), uniform(rng, 0.08, 0.55), uniform(rng, 0.05, 0.15)
    halo = 0.55 * glow(size, x, y, 2.6 * radius) + 0.25 * glow(size, x, y, 6 * radius)
    picture = mix(picture, (0.72, 0.76, 0.92), halo * uniform(rng, 0.6, 1.0))
    patch = Patch(picture, (x, y), 1.1 * radius)
    if patch.is_empty:
        return picture
    u, v = patch.u * 1.1, patch.v * 1.1
    distance = np.hypot(u, v)
    seas = fractal_noise(rng, 64, (4, 4), octaves=3)
    rows, columns = ((np.clip(c, -1, 1) * 31 + 32).astype(int) for c in (v, u))
    grain = seas[np.broadcast_to(rows, distance.shape), np.broadcast_to(columns, distance.shape)]
    face = (0.98 - 0.3 * smoothstep(0.35, 0.9, grain)) * (
        0.82 + 0.18 * np.sqrt(np.clip(1 - distance**2, 0, 1))
    )
    phase = uniform(rng, 0.6, 2.4) * (1 if rng.random() < 0.5 else -1)
    night_side = smoothstep(1.0, 0.88, np.hypot(u - phase, v).astype(np.float32))
    cover = smoothstep(1.0, 1.0 - 3 * patch.pixel, distance) * (1 - 0.94 * night_side)
    colour = np.asarray((1.0, 0.97, 0.88), np.float32) * face.astype(np.float32)[..., None]
    patch.blend(colour, cover)
    return picture


def _hills(rng: np.random.Generator, picture: Floats, ground: float) -> Floats:
    """Add ridges from far to near, each darker, with mist between, and firs on the nearest."""
    size = picture.shape[0]
    _, y = pixel_grid(size)
    count = int(rng.integers(2, 5))
    height = uniform(rng, 0.10, 0.34)
    for nth in range(count):
        near = (nth + 1) / count
        top = (
            ground
            - height * (1.15 - 0.85 * near)
            + 0.10 * (1.2 - near) * noise_1d(rng, size, 2 + nth, octaves=5)
        )
        if nth == count - 1 and ground == 1.0:
            top = top - _firs(rng, size)
        rows = y * np.ones((1, size), np.float32)
        cover = smoothstep(top[None, :] - 0.8 / size, top[None, :] + 0.8 / size, rows)
        shade = 0.17 * (1 - near) + 0.05
        mist = 0.16 * (1 - near) * smoothstep(0.0, 0.22, rows - top[None, :])
        colour = np.asarray((0.45, 0.75, 1.0), np.float32) * (shade + mist)[..., None]
        picture = mix(picture, colour, cover)
    return picture


def _firs(rng: np.random.Generator, size: int) -> Floats:
    """Height of the trees along the ridge, (S,)."""
    x, _ = pixel_grid(size)
    heights = np.zeros(size, np.float32)
    for _ in range(int(rng.integers(0, 45))):
        at, height = uniform(rng, 0, 1), uniform(rng, 0.03, 0.13)
        jags = 1 + 0.25 * np.sin(np.abs(x[0] - at) * 520)
        heights = np.maximum(heights, height - 3.4 * np.abs(x[0] - at) * jags)
    return np.asarray(heights, np.float32)


def _lake(rng: np.random.Generator, picture: Floats, shore: float) -> Floats:
    """Add still water: the sky mirrored, darker and slightly rippled."""
    size = picture.shape[0]
    x, y = pixel_grid(size)
    below = np.clip(y - shore, 0, 1)
    ripple = 0.012 * np.sin(260 * below**0.6 + 3 * noise_1d(rng, size, 4)[None, :]) * (0.3 + 6 * below)
    rows = np.clip((2 * shore - y + ripple) * size, 0, size - 1).astype(int)
    columns = np.clip((x + 0.3 * ripple) * size, 0, size - 1).astype(int)
    mirrored = picture[rows, columns] * np.asarray((0.62, 0.7, 0.8), np.float32)
    cover = smoothstep(shore - 0.5 / size, shore + 0.5 / size, y * np.ones_like(x))
    return mix(picture, mirrored, cover)
