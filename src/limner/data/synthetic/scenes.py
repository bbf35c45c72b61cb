"""Grey scenes as a webcam sees them: a wall, a table, a lamp, somebody's head, a hand, a cup.

A camera shows a network what photos of its subject never do: flat walls, hard silhouettes, a dark room.
Nobody knows what should be painted of these, so training uses them without a target. Only their light and
dark matter, in cells as coarse as the soft guide's, so nothing finer is drawn.
"""

from collections.abc import Callable

import numpy as np
import torch

from limner.data.synthetic.primitives import Floats, fractal_noise, glow, pixel_grid, smoothstep, uniform
from limner.data.synthetic.shapes import box, capsule, cover, ellipse, rotate_grid


def draw_scenes(count: int, side: int, generator: torch.Generator) -> torch.Tensor:
    """Draw `count` grey scenes, (count, 1, side, side), float32, 0..1, on the CPU.

    Scene n depends on the generator's state and on n alone, given the version of NumPy. Four scenes of 64
    pixels take about 1 ms.
    """
    # A generator of NumPy for each scene: torch's calls cost more than drawing 64 pixels does.
    key = int(torch.randint(2**62, (), generator=generator))
    scenes = [_scene(np.random.default_rng((key, index)), side) for index in range(count)]
    return torch.from_numpy(np.stack(scenes)[:, None])


def _scene(rng: np.random.Generator, size: int) -> Floats:
    """One scene, (S, S): a room, lights, things, and what the camera's exposure makes of them."""
    # Bare walls are what photos lack most.
    if rng.random() < 0.15:
        return _expose(rng, _wall(rng, size))
    picture = _ROOMS[rng.integers(len(_ROOMS))](rng, size)
    for _ in range(rng.integers(0, 4)):
        picture = _furniture(rng, picture)
    is_backlit = rng.random() < 0.35
    if is_backlit:
        picture = _window_or_lamp(rng, picture)
    # Against the light a camera shows silhouettes.
    shade = uniform(rng, 0.1, 0.5) if is_backlit and rng.random() < 0.6 else 1.0
    if rng.random() < 0.85:
        picture = _THINGS[rng.integers(len(_THINGS))](rng, picture, shade)
    return _expose(rng, picture)


def _wall(rng: np.random.Generator, size: int) -> Floats:
    """A wall, lit from one side."""
    x, y = pixel_grid(size)
    angle, slope = uniform(rng, 0, 2 * np.pi), uniform(rng, 0, 0.4)
    gradient = np.float32(np.cos(angle)) * (x - 0.5) + np.float32(np.sin(angle)) * (y - 0.5)
    return uniform(rng, 0.1, 0.9) + np.float32(slope) * gradient


def _table(rng: np.random.Generator, size: int) -> Floats:
    """A wall and a table before it, or a bed, or the floor."""
    wall, table = _wall(rng, size), _wall(rng, size)
    _, v = rotate_grid(size, (0.5, uniform(rng, 0.35, 0.85)), uniform(rng, -0.15, 0.15))
    return _blend(wall, table, cover(-v, uniform(rng, 0.01, 0.04)))


def _clutter(rng: np.random.Generator, size: int) -> Floats:
    """A room out of focus: soft light and dark."""
    cells = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    soft = fractal_noise(rng, size, cells, octaves=2)
    return uniform(rng, 0.2, 0.8) + np.float32(uniform(rng, 0.1, 0.7)) * (soft - 0.5)


def _furniture(rng: np.random.Generator, picture: Floats) -> Floats:
    """A shelf, a door, a poster: an upright box, a little lighter or darker than the room."""
    centre = (uniform(rng, 0, 1), uniform(rng, 0, 1))
    u, v = rotate_grid(len(picture), centre, uniform(rng, -0.06, 0.06))
    shape = box(u, v, uniform(rng, 0.04, 0.3), uniform(rng, 0.05, 0.4), 0.01)
    return picture + np.float32(uniform(rng, -0.3, 0.3)) * cover(shape, 0.02)


def _window_or_lamp(rng: np.random.Generator, picture: Floats) -> Floats:
    """A window with its frame, or a lamp, with light around it."""
    size = len(picture)
    x, y = uniform(rng, 0.05, 0.95), uniform(rng, 0, 0.6)
    lit = picture + np.float32(uniform(rng, 0.1, 0.4)) * glow(size, x, y, uniform(rng, 0.2, 0.6))
    u, v = rotate_grid(size, (x, y), uniform(rng, -0.05, 0.05))
    if rng.random() < 0.4:
        return _blend(
            lit, 1.0, cover(ellipse(u, v, uniform(rng, 0.03, 0.12), uniform(rng, 0.03, 0.12)), 0.03)
        )
    half_width, half_height = uniform(rng, 0.06, 0.28), uniform(rng, 0.1, 0.4)
    pane = cover(box(u, v, half_width, half_height, 0.01), 0.02)
    frame = cover(np.minimum(np.abs(u), np.abs(v)) - 0.01, 0.015) * (rng.random() < 0.5)
    return _blend(lit, uniform(rng, 0.85, 1.1), pane * (1 - 0.6 * frame))


def _person(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """Head and shoulders: hair behind the face, clothes below."""
    head = uniform(rng, 0.08, 0.24)
    x, y = uniform(rng, 0.2, 0.8), uniform(rng, 0.2, 0.6)
    u, v = rotate_grid(len(picture), (x, y), uniform(rng, -0.25, 0.25))
    skin, hair, clothes = (
        shade * uniform(rng, low, high) for low, high in ((0.2, 0.9), (0.02, 0.5), (0.03, 0.9))
    )
    edge = uniform(rng, 0.01, 0.03)
    width = head * uniform(rng, 1.9, 2.7)
    shoulders = box(u, v - (1.45 * head + 1.0), width, 1.0, 0.6 * head)
    picture = _blend(picture, _side_lit(rng, u / width, clothes), cover(shoulders, edge))
    neck = capsule(u, v, (0, 0), (0, 1.5 * head), 0.45 * head)
    picture = _blend(picture, 0.8 * skin, cover(neck, edge))
    length = uniform(rng, 1.1, 2.0)
    mane = ellipse(u, v - (length - 1.35) * head, 1.08 * head, length * head)
    picture = _blend(picture, hair, cover(mane, edge))
    face = ellipse(u, v - 0.12 * head, 0.85 * head, 1.15 * head)
    return _blend(picture, _side_lit(rng, u / head, skin), cover(face, edge))


def _hand(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """A hand with spread or closed fingers, and the arm that it comes from."""
    palm = uniform(rng, 0.06, 0.18)
    centre = (uniform(rng, 0.25, 0.75), uniform(rng, 0.3, 0.7))
    u, v = rotate_grid(len(picture), centre, rng.normal(0, 0.8))
    u = u if rng.random() < 0.5 else -u
    shape = np.minimum(
        box(u, v, palm, 1.1 * palm, 0.5 * palm), capsule(u, v, (0, palm), (0, 2.0), 0.7 * palm)
    )
    spread, length = uniform(rng, 0.1, 1.0), uniform(rng, 0.3, 1.9)
    for finger in (-0.75, -0.25, 0.25, 0.75):
        tip = (palm * finger * (1 + spread), -palm * (0.9 + length * (1 - 0.25 * abs(finger))))
        shape = np.minimum(shape, capsule(u, v, (palm * finger, -0.8 * palm), tip, 0.22 * palm))
    thumb = (-palm * (1.2 + 0.7 * spread), -0.6 * palm)
    shape = np.minimum(shape, capsule(u, v, (-0.7 * palm, 0.4 * palm), thumb, 0.26 * palm))
    skin = _side_lit(rng, u / (2 * palm), shade * uniform(rng, 0.25, 0.95))
    return _blend(picture, skin, cover(shape, uniform(rng, 0.01, 0.03)))


def _cup(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """A cup with its handle and its dark opening."""
    width = uniform(rng, 0.07, 0.24)
    height = width * uniform(rng, 0.8, 1.4)
    u, v = rotate_grid(len(picture), _place(rng), rng.normal(0, 0.15))
    tone, edge = shade * uniform(rng, 0.05, 1.0), uniform(rng, 0.01, 0.03)
    side = width if rng.random() < 0.5 else -width
    handle = np.abs(ellipse(u - side, v, 0.5 * width, 0.6 * height)) - 0.12 * width
    picture = _blend(picture, 0.9 * tone, cover(handle, edge))
    body = box(u, v, width, height, 0.25 * width)
    picture = _blend(picture, _side_lit(rng, u / width, tone), cover(body, edge))
    opening = ellipse(u, v + height, 0.95 * width, uniform(rng, 0.1, 0.4) * width)
    return _blend(picture, tone * uniform(rng, 0.2, 0.9), cover(opening, edge))


def _bottle(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """A bottle, upright or lying, mostly with a label."""
    width, height = uniform(rng, 0.04, 0.13), uniform(rng, 0.15, 0.32)
    u, v = rotate_grid(len(picture), _place(rng), rng.normal(0, 0.1) if rng.random() < 0.8 else 1.5)
    tone, edge = shade * uniform(rng, 0.03, 0.9), uniform(rng, 0.01, 0.03)
    neck = capsule(u, v, (0, -height), (0, -1.55 * height), uniform(rng, 0.3, 0.5) * width)
    bottle = np.minimum(box(u, v, width, height, 0.6 * width), neck)
    picture = _blend(picture, _side_lit(rng, u / width, tone), cover(bottle, edge))
    label = box(u, v - 0.2 * height, width, 0.45 * height, 0.01)
    return _blend(picture, shade * uniform(rng, 0.2, 1.0), cover(label, edge) * (rng.random() < 0.7))


def _boxes(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """Boxes, books, telephones, however they lie."""
    for _ in range(rng.integers(1, 5)):
        u, v = rotate_grid(len(picture), _place(rng), uniform(rng, -1.6, 1.6))
        width, height = uniform(rng, 0.05, 0.25), uniform(rng, 0.04, 0.2)
        tone = _side_lit(rng, u / width, shade * uniform(rng, 0.03, 1.0))
        picture = _blend(picture, tone, cover(box(u, v, width, height, 0.01), uniform(rng, 0.01, 0.03)))
    return picture


def _soft_shapes(rng: np.random.Generator, picture: Floats, shade: float) -> Floats:
    """Fruit, toys, faces close to the lens: round shapes, some out of focus."""
    for _ in range(rng.integers(1, 6)):
        u, v = rotate_grid(len(picture), _place(rng), uniform(rng, -1.6, 1.6))
        shape = ellipse(u, v, uniform(rng, 0.05, 0.35), uniform(rng, 0.05, 0.35))
        picture = _blend(picture, shade * uniform(rng, 0, 1), cover(shape, uniform(rng, 0.01, 0.15)))
    return picture


def _expose(rng: np.random.Generator, picture: Floats) -> Floats:
    """What the camera makes of the light: often too little contrast, sometimes too dark or burnt out."""
    gain, level = uniform(rng, 0.5, 1.3), uniform(rng, -0.15, 0.15)
    exposed = 0.5 + np.float32(gain) * (picture - 0.5) + np.float32(level)
    return np.clip(np.asarray(exposed, np.float32), 0, 1)


def _place(rng: np.random.Generator) -> tuple[float, float]:
    """Where a thing lies: more often in the middle and below."""
    return float(rng.normal(0.5, 0.2)), float(rng.normal(0.58, 0.18))


def _side_lit(rng: np.random.Generator, across: Floats, tone: float) -> Floats:
    """The tone of a thing that is lit from one side, over `across` from -1 to 1."""
    return np.float32(tone) * (1 + np.float32(uniform(rng, -0.4, 0.4)) * smoothstep(-1.0, 1.0, across))


def _blend(picture: Floats, tone: Floats | float, alpha: Floats) -> Floats:
    return picture + (np.asarray(tone, np.float32) - picture) * alpha


_ROOMS: tuple[Callable[[np.random.Generator, int], Floats], ...] = (_wall, _table, _clutter)
_THINGS: tuple[Callable[[np.random.Generator, Floats, float], Floats], ...] = (
    _person,
    _person,
    _hand,
    _cup,
    _bottle,
    _boxes,
    _soft_shapes,
)
"""One is drawn of each, evenly; people stand before webcams most often."""
