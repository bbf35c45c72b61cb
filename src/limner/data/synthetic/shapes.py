"""Shapes as signed distances (Quilez, *2D distance functions*): negative inside, 0 at the outline.

Positions and lengths are in parts of the picture's side. Distances can be combined (the minimum is the
union, the absolute value an outline) and softened once, by `cover`.
"""

import math

import numpy as np

from limner.data.synthetic.primitives import Floats, pixel_grid, smoothstep

Point = tuple[float, float]


def rotate_grid(size: int, centre: Point, rotation: float) -> tuple[Floats, Floats]:
    """u and v (S, S): positions from `centre`, on axes that are rotated by `rotation` radians."""
    x, y = pixel_grid(size)
    across, down = x - np.float32(centre[0]), y - np.float32(centre[1])
    cos, sin = np.float32(math.cos(rotation)), np.float32(math.sin(rotation))
    return across * cos + down * sin, down * cos - across * sin


def ellipse(u: Floats, v: Floats, across: float, down: float) -> Floats:
    """An ellipse about the origin with the radii `across` and `down`; exact at its outline only."""
    radial = np.sqrt((u / np.float32(across)) ** 2 + (v / np.float32(down)) ** 2)
    return (radial - 1) * np.float32(min(across, down))


def box(u: Floats, v: Floats, half_width: float, half_height: float, corner: float) -> Floats:
    """A box about the origin, whose corners are rounded with the radius `corner`."""
    across = np.abs(u) - np.float32(half_width - corner)
    down = np.abs(v) - np.float32(half_height - corner)
    outside = np.sqrt(np.maximum(across, 0) ** 2 + np.maximum(down, 0) ** 2)
    inside = np.minimum(np.maximum(across, down), 0)
    return np.asarray(outside + inside - np.float32(corner), np.float32)


def capsule(u: Floats, v: Floats, start: Point, end: Point, radius: float) -> Floats:
    """A thick line from `start` to `end` with round ends."""
    along_u, along_v = end[0] - start[0], end[1] - start[1]
    across, down = u - np.float32(start[0]), v - np.float32(start[1])
    squared = max(along_u**2 + along_v**2, 1e-9)
    t = np.clip((across * np.float32(along_u) + down * np.float32(along_v)) / np.float32(squared), 0, 1)
    distance = np.hypot(across - t * np.float32(along_u), down - t * np.float32(along_v))
    return np.asarray(distance - np.float32(radius), np.float32)


def cover(distance: Floats, edge: float) -> Floats:
    """Alpha of a shape, 0..1: its outline is `edge` wide on both sides."""
    return smoothstep(edge, -edge, distance)
