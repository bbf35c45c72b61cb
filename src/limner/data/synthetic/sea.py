"""The sea towards evening: clouds, a low sun and its glitter, waves with foam, rocks."""

import math
from dataclasses import dataclass

import numpy as np

from limner.data.synthetic.primitives import (
    Floats,
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

HIGH: tuple[Stop, ...] = (
    (0.0, (0.02, 0.03, 0.10)),
    (0.3, (0.10, 0.16, 0.36)),
    (0.55, (0.28, 0.42, 0.66)),
    (0.8, (0.72, 0.78, 0.86)),
    (1.0, (1.0, 0.98, 0.92)),
)
LOW: tuple[Stop, ...] = (
    (0.0, (0.05, 0.03, 0.10)),
    (0.25, (0.30, 0.10, 0.24)),
    (0.45, (0.76, 0.24, 0.22)),
    (0.65, (0.97, 0.55, 0.24)),
    (0.85, (1.0, 0.82, 0.46)),
    (1.0, (1.0, 0.97, 0.84)),
)
WATER: tuple[Stop, ...] = (
    (0.0, (0.00, 0.03, 0.06)),
    (0.3, (0.01, 0.14, 0.20)),
    (0.55, (0.06, 0.36, 0.40)),
    (0.8, (0.36, 0.66, 0.64)),
    (1.0, (0.94, 0.98, 0.96)),
)
"""Colours by brightness: of the high sky, of the sky near the horizon, and of water up to foam."""


@dataclass(frozen=True)
class _Scene:
    """The parameters that the parts of one picture share."""

    size: int
    horizon: float
    daylight: float
    sun_x: float
    sun_y: float
    sun: float
    """Radius of the sun."""


def sea(rng: np.random.Generator, size: int) -> Floats:
    """Draw one sea, (S, S, 3)."""
    horizon = uniform(rng, 0.22, 0.7)
    scene = _Scene(
        size=size,
        horizon=horizon,
        daylight=uniform(rng, 0.0, 1.0),
        sun_x=uniform(rng, 0.05, 0.95),
        sun_y=horizon * uniform(rng, 0.1, 1.02),
        sun=uniform(rng, 0.03, 0.085),
    )
    sky = _sky(rng, scene)
    water = _water(rng, scene, sky)
    _, y = pixel_grid(size)
    picture = mix(sky, water, smoothstep(horizon - 0.6 / size, horizon + 0.6 / size, y * np.ones_like(y.T)))
    if rng.random() < 0.6:
        picture = _rocks(rng, scene, picture)
    return picture


def _sky(rng: np.random.Generator, scene: _Scene) -> Floats:
    size = scene.size
    _, y = pixel_grid(size)
    down = np.clip(y / scene.horizon, 0, 1) * np.ones((1, size), np.float32)
    level = 0.10 + 0.40 * scene.daylight
    light = level + (0.10 + 0.28 * scene.daylight) * down**2
    near = glow(size, scene.sun_x, scene.sun_y, 0.16 + 0.3 * scene.sun)
    far = glow(size, scene.sun_x, scene.sun_y, 0.6)
    light = light + 0.42 * near + 0.24 * far
    clouds, lit = _clouds(rng, scene)
    light = light * (1 - 0.5 * clouds) + clouds * lit * (0.35 + 0.4 * far + 0.3 * scene.daylight)
    colour = mix(
        color_ramp(light, HIGH), color_ramp(light, LOW), smoothstep(0.15, 1.0, down) * 0.6 + 0.4 * far
    )
    x, y = pixel_grid(size)
    distance = np.hypot(x - scene.sun_x, y - scene.sun_y)
    disc = smoothstep(scene.sun + 1 / size, scene.sun - 1 / size, np.asarray(distance, np.float32))
    return mix(colour, (1.0, 0.97, 0.86), disc * (1 - 0.6 * clouds))


def _clouds(rng: np.random.Generator, scene: _Scene) -> tuple[Floats, Floats]:
    """The clouds' cover, 0..1, and their illumination from the side of the sun, 0..1."""
    puffs = fractal_noise(rng, scene.size, (4, 2), octaves=5, gain=0.55)
    threshold = uniform(rng, 0.35, 0.8)
    cover = smoothstep(threshold, threshold + 0.3, puffs)
    step = max(1, scene.size // 40)
    shift = -step if scene.sun_y < scene.horizon / 2 else step
    towards = puffs[np.clip(np.arange(scene.size) - shift, 0, scene.size - 1)]
    return cover, np.clip(0.5 + 4 * (puffs - towards), 0, 1)


def _water(rng: np.random.Generator, scene: _Scene, sky: Floats) -> Floats:
    size = scene.size
    x, y = pixel_grid(size)
    below = np.clip((y - scene.horizon) / (1 - scene.horizon), 0, 1)
    slope, crest = _waves(rng, x, below, first=int(scene.horizon * size))
    level = 0.10 + 0.30 * scene.daylight
    body = level + 0.22 * slope + 0.10 * crest + 0.12 * below
    colour = color_ramp(np.asarray(body, np.float32), WATER)
    # Squeezed so that the farthest row of the water still reflects a row of the sky.
    rows = (1 - 0.95 * below) * scene.horizon * size + slope * 0.05 * size * below
    rows = np.clip(rows, 0, scene.horizon * size - 1)
    columns = np.broadcast_to(np.arange(size), (size, size))
    mirrored = sky[np.broadcast_to(rows, (size, size)).astype(int), columns]
    fresnel = np.clip(0.75 - 0.75 * below + 0.25 * slope, 0.05, 0.85)
    colour = mix(colour, mirrored, np.broadcast_to(fresnel, (size, size)))
    colour = _glitter(scene, colour, x, below, slope)
    return _foam(rng, scene, colour, below, crest)


def _waves(rng: np.random.Generator, x: Floats, below: Floats, first: int) -> tuple[Floats, Floats]:
    """Slope and height of the waves, about -1..1, in perspective: (S, S) each, 0 above row `first`."""
    size = x.shape[1]
    far = 1 / (below[first:] + 0.05)
    across = (x - 0.5) * far
    slope, height = np.zeros((2, size, size), np.float32)
    for pitch in (*rng.uniform(2.5, 14.0, 5).tolist(), *rng.uniform(18.0, 70.0, 5).tolist()):
        rotation = uniform(rng, -0.5, 0.5)
        bent = 0.8 * np.sin(across * uniform(rng, 1, 4) + uniform(rng, 0, 6.3))
        phase = pitch * (far * math.cos(rotation) + across * math.sin(rotation)) + bent
        # Waves finer than a few pixels would only flicker, so they fade with the distance.
        visible = np.exp(-((pitch * far**2 / size / 0.9) ** 2)) / pitch**0.55
        height[first:] += visible * np.sin(phase)
        slope[first:] += visible * np.cos(phase)
    return slope, height


def _glitter(scene: _Scene, colour: Floats, x: Floats, below: Floats, slope: Floats) -> Floats:
    width = scene.sun * (1.0 + 3.0 * below)
    column = np.exp(-(((x - scene.sun_x) / width) ** 2))
    spark = smoothstep(0.05, 0.5, slope + 0.5 * (1 - below) ** 3)
    return mix(colour, (1.0, 0.86, 0.58), np.clip(column * spark * 1.1, 0, 0.95))


def _foam(rng: np.random.Generator, scene: _Scene, colour: Floats, below: Floats, crest: Floats) -> Floats:
    """Add white caps, and a few long breakers with lace-like foam behind them."""
    size = scene.size
    lace = fractal_noise(rng, size, (16, 8), octaves=3, gain=0.7)
    caps = smoothstep(0.75, 1.25, crest + 0.9 * (lace - 0.5)) * smoothstep(0.1, 0.4, below) * 0.7
    cover = np.asarray(caps, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        distance, thickness = uniform(rng, 0.12, 1.0), uniform(rng, 0.03, 0.16)
        line = distance + 0.10 * distance * noise_1d(rng, size, 3)[None, :]
        behind = (line - below) / (thickness * (0.3 + distance))
        strength = smoothstep(-0.35, 0.3, noise_1d(rng, size, 2, octaves=2))[None, :]
        front = smoothstep(-0.06, 0.0, behind)
        fading = np.clip(1 - behind, 0, 1)
        holes = smoothstep(1 - fading * 1.15, 1.3 - fading * 1.15, lace)
        cover = np.maximum(cover, front * holes * strength * (fading > 0))
    bright = 0.55 + 0.45 * scene.daylight
    foam = np.asarray((0.95 * bright, 0.97 * bright, bright), np.float32)
    return mix(colour, foam, np.clip(cover, 0, 1))


def _rocks(rng: np.random.Generator, scene: _Scene, picture: Floats) -> Floats:
    """Add a headland from one side, dark against the sky, and its dark reflection in the water."""
    size = scene.size
    x, y = pixel_grid(size)
    along = x[0] if rng.random() < 0.5 else 1 - x[0]
    reach, height = uniform(rng, 0.2, 0.75), uniform(rng, 0.08, 0.4)
    shape = np.clip(1 - along / reach, 0, None) ** uniform(rng, 0.5, 1.3)
    ridge = height * shape * (1 + 0.45 * noise_1d(rng, size, 5, octaves=5))
    foot = scene.horizon + uniform(rng, 0.0, 0.12)
    top = (foot - np.clip(ridge, 0, None))[None, :]
    inside = (shape > 0)[None, :] & (y < foot)
    cover = smoothstep(top - 0.7 / size, top + 0.7 / size, y * np.ones_like(x)) * inside
    grain = fractal_noise(rng, size, (10, 14), octaves=4, gain=0.6)
    stone = 0.05 + 0.16 * grain + 0.10 * scene.daylight * smoothstep(0.06, 0.0, y - top)
    colour = np.asarray((1.0, 0.82, 0.78), np.float32) * np.asarray(stone, np.float32)[..., None]
    depth = np.clip(1 - (y - foot) / np.maximum(ridge[None, :], 1e-3), 0, 1) * (y >= foot)
    shaded = (
        picture * (1 - 0.55 * smoothstep(0.0, 0.6, np.asarray(depth * (shape > 0), np.float32)))[..., None]
    )
    return mix(shaded, colour, cover)
