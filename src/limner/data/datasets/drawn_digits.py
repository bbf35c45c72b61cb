"""Ten digits drawn with a pen: what the lab learns from until MNIST is fetched.

Each digit has one or more forms, a form has strokes, and a stroke is a smooth curve through a few points. A
hand shakes the points, slants, turns, stretches and moves the whole digit, and presses the pen as it likes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

PIXELS = 28
POINTS = 48
"""Short straight pieces that a digit's strokes are drawn with."""

CHUNK = 50
"""Digits that are drawn at once: the distances of their pixels to the pen's path take 7.5 MB."""

Floats = NDArray[np.float32]
FORMS: dict[int, tuple[str, ...]] = {
    0: (
        "5 -48, -24 -30, -30 5, -20 40, 4 48, 26 30, 30 -5, 20 -40, 3 -48",
        "12 -42, -20 -36, -30 0, -22 38, 6 46, 27 20, 26 -25, 0 -50",
    ),
    1: (
        "0 -50, 0 0, 0 50",
        "-17 -30, 4 -48, 4 -48, 3 0, 2 50",
        "-18 -28, 2 -48, 2 -48, 2 48 / -20 48, 24 48",
    ),
    2: (
        "-26 -28, -10 -47, 14 -46, 24 -25, 8 8, -28 46, -28 46, 30 45",
        "-26 -25, -6 -48, 22 -36, 16 -2, -10 34, -27 40, -20 22, 2 34, 30 46",
    ),
    3: (
        "-24 -36, 0 -49, 21 -34, 12 -10, -6 -4, -6 -4, 20 6, 25 30, 4 48, -26 36",
        "-24 -46, 22 -46, 22 -46, -4 -8, -4 -8, 22 6, 22 36, -2 48, -26 36",
    ),
    4: (
        "-16 -46, -26 6, -26 6, 30 4 / 16 -34, 14 10, 12 50",
        "14 50, 14 -48, 14 -48, -30 16, -30 16, 32 16",
    ),
    5: (
        "26 -46, -18 -46, -18 -46, -22 -8, -22 -8, 10 -10, 27 14, 12 44, -26 42",
        "-16 -42, -20 -6, 10 -8, 24 18, 6 46, -24 38 / -16 -44, 28 -48",
    ),
    6: (
        "18 -48, -12 -22, -26 16, -10 46, 18 42, 24 16, 4 0, -20 16",
        "4 -50, -20 -10, -22 30, 2 48, 22 28, 10 4, -16 16, -20 30",
    ),
    7: (
        "-28 -44, 26 -44, 26 -44, 8 0, -6 50",
        "-28 -40, 26 -46, 26 -46, 6 4, -6 50 / -14 4, 24 0",
    ),
    8: (
        "16 -36, -6 -48, -22 -30, 0 -4, 24 22, 8 47, -18 42, -22 18, 6 -8, 22 -30, 10 -46",
        "0 -4, -20 -20, -12 -45, 12 -45, 20 -20, 0 -2, -24 20, -14 46, 14 46, 24 20, 0 -2",
    ),
    9: (
        "20 -26, 6 -48, -18 -38, -20 -10, 0 2, 20 -20, 21 -30, 18 10, 10 50",
        "22 -32, -2 -48, -22 -26, -8 -2, 16 -10, 22 -36, 22 -36, 20 14, 4 46, -18 40",
    ),
}
"""The digits' forms; which one is drawn is chance. A slash separates strokes, commas separate points `x y`.
They are in hundredths of a digit's height from its centre, x to the right and y down. A point that comes
twice is a corner."""


def draw_digits(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `count` digits, white on black.

    Returns pictures, uint8 (count, 1, 28, 28), and labels, int64 (count,): 0, 1, .. 9, 0, 1, .. The same
    seed gives the same pictures, given the version of NumPy.
    """
    labels = np.arange(count, dtype=np.int64) % 10
    rng = np.random.default_rng(seed)
    parts = [_draw(labels[at : at + CHUNK], rng) for at in range(0, count, CHUNK)]
    empty = np.zeros((0, 1, PIXELS, PIXELS), np.uint8)
    return np.concatenate([empty, *parts]), labels


def _draw(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The pictures of some digits, (n, 1, 28, 28)."""
    starts, ends = zip(*(_pieces(int(label), rng) for label in labels), strict=True)
    distance = _distance(np.stack(starts), np.stack(ends))
    thickness = rng.uniform(0.8, 1.75, (len(labels), 1, 1)).astype(np.float32)
    pressure = rng.uniform(0.8, 1.0, (len(labels), 1, 1)).astype(np.float32)
    # An edge as soft as that of a scanned and shrunk digit.
    ink = np.clip((thickness - distance) / 1.2 + 0.5, 0, 1) * pressure
    return np.asarray(np.rint(255 * ink), np.uint8)[:, None]


def _pieces(digit: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The starts and the ends of the straight pieces of a digit, (`POINTS`, 2) each, in pixels."""
    forms = FORMS[digit]
    strokes = _parse(forms[rng.integers(len(forms))])
    lengths = [float(np.linalg.norm(np.diff(stroke, axis=0), axis=1).sum()) for stroke in strokes]
    # Every digit has as many pieces, so that all are drawn as one array.
    shares = [max(2, round(POINTS * length / sum(lengths))) for length in lengths]
    shares[0] += POINTS - sum(shares)
    shaken = [_shake(stroke, rng) for stroke in strokes]
    curves = [_smooth(stroke, share) for stroke, share in zip(shaken, shares, strict=True)]
    hand = _hand(rng)
    moved = [curve @ hand[:, :2].T + hand[:, 2] for curve in curves]
    starts = np.concatenate([curve[:-1] for curve in moved])
    ends = np.concatenate([curve[1:] for curve in moved])
    return starts.astype(np.float32), ends.astype(np.float32)


@cache
def _parse(form: str) -> tuple[NDArray[Any], ...]:
    """The strokes of a form, (points, 2) each."""
    strokes = [[point.split() for point in stroke.split(",")] for stroke in form.split("/")]
    return tuple(np.array(stroke, dtype=float) / 100 for stroke in strokes)


def _shake(stroke: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """The stroke with each point moved a little; the two points of a corner stay together."""
    moves = rng.normal(0, 0.025, stroke.shape)
    is_repeated = np.concatenate([[False], (np.diff(stroke, axis=0) == 0).all(1)])
    moves[is_repeated] = moves[np.flatnonzero(is_repeated) - 1]
    return np.asarray(stroke + moves)


def _smooth(stroke: NDArray[Any], pieces: int) -> NDArray[Any]:
    """A Catmull-Rom spline through the points of a stroke, as `pieces` + 1 points."""
    padded = np.concatenate([stroke[:1], stroke, stroke[-1:]])
    at = np.linspace(0, len(stroke) - 1, pieces + 1)
    left = np.minimum(at.astype(int), len(stroke) - 2)
    t = (at - left)[:, None]
    p0, p1, p2, p3 = (padded[left + offset] for offset in range(4))
    cubic = (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return np.asarray(cubic / 2)


def _hand(rng: np.random.Generator) -> NDArray[Any]:
    """What the hand does to the whole digit, (2, 3): a matrix from the digit to pixels, and its centre."""
    height = rng.uniform(16.5, 20.5)
    width = height * rng.uniform(0.9, 1.3)
    slant, turn = rng.normal(0.12, 0.16), rng.normal(0, 0.08)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[width, -slant * height], [0, height]])
    centre = PIXELS / 2 + rng.normal(0, 0.6, 2)
    return np.column_stack([matrix, centre])


def _distance(starts: Floats, ends: Floats) -> Floats:
    """The distance of each pixel to the nearest piece, (n, 28, 28), of pieces (n, m, 2)."""
    centres = np.arange(PIXELS, dtype=np.float32) + 0.5
    x, y = centres[None, None, None, :], centres[None, None, :, None]
    x0, y0 = starts[..., 0, None, None], starts[..., 1, None, None]
    dx, dy = ends[..., 0, None, None] - x0, ends[..., 1, None, None] - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / np.maximum(dx**2 + dy**2, 1e-6), 0, 1)
    squared = (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2
    return np.asarray(np.sqrt(squared.min(axis=1)), np.float32)
