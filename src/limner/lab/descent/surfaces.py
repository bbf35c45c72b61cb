"""Losses of two weights, with the places where they are least: the surfaces of the page's tab Descent.

The formulas are written in torch, so that autograd has their slopes. `web/lab/descent/surface.ts` has the
same functions with slopes written by hand; a test compares values, slopes and paths of the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from limner.data.datasets.cars import load_cars
from limner.lab.descent.racers import SurfaceName

Point = tuple[float, float]
Value = Callable[[Tensor, Tensor], Tensor]
"""The height at each x and y, of any shape that broadcasts: a tensor of that shape."""


@dataclass(frozen=True)
class Surface:
    """A loss of two weights."""

    name: SurfaceName
    title: str
    formula: str
    axes: tuple[str, str]
    view: tuple[Point, Point]
    """What the page shows: least and largest x, least and largest y. Paths begin within."""
    start: Point
    minima: tuple[Point, ...]
    least: float
    """The height of the minima."""
    value: Value
    examples: Tensor | None = None
    """(n, 2) in float64, inputs and targets, where the loss is a mean over examples; None elsewhere."""


def ravine(k: float) -> Surface:
    """1/2 (x^2 + k y^2): a valley whose walls are k times as steep as its bed.

    The quadratic by which steepest descent and momentum are usually analysed (Polyak 1964; Nocedal and
    Wright 2006, section 3.3): k is its condition number.
    """
    return Surface(
        name="ravine",
        title="Ravine",
        formula=f"½ (x² + {k:g} y²)",
        axes=("x", "y"),
        view=((-2.6, 2.6), (-1.3, 1.3)),
        start=(-2.2, 1.0),
        minima=((0.0, 0.0),),
        least=0.0,
        value=lambda x, y: 0.5 * (x * x + k * (y * y)),
    )


def saddle() -> Surface:
    """x^2 - y^2 + y^4 / 4 + 1: a saddle in the middle, and a minimum on each side of it.

    The textbooks' x^2 - y^2 (on saddles in the losses of networks: Dauphin et al. 2014, arXiv:1406.2572),
    which we close by a fourth power so that there is somewhere to go. The start is on the ridge, but for a
    trifle: with none, no optimizer would ever leave it.
    """
    return Surface(
        name="saddle",
        title="Saddle",
        formula="x² − y² + ¼ y⁴ + 1",
        axes=("x", "y"),
        view=((-2.6, 2.6), (-2.2, 2.2)),
        start=(-2.0, 1e-3),
        minima=((0.0, math.sqrt(2)), (0.0, -math.sqrt(2))),
        least=0.0,
        value=lambda x, y: x * x - y * y + y**4 / 4 + 1,
    )


def beale() -> Surface:
    """Flat, with steep corners; the least value, 0, is at (3, 0.5).

    Beale 1958, "On an iterative method for finding a local minimum of a function of more than one
    variable", Princeton; problem 5 of Moré, Garbow and Hillstrom 1981, "Testing unconstrained
    optimization software".
    """
    return Surface(
        name="beale",
        title="Beale",
        formula="(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        axes=("x", "y"),
        view=((-1.5, 4.2), (-2.1, 2.1)),
        start=(-0.5, -1.0),
        minima=((3.0, 0.5),),
        least=0.0,
        value=lambda x, y: (
            (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
        ),
    )


def rosenbrock() -> Surface:
    """A bent valley that is easy to find and slow to follow; the least value, 0, is at (1, 1).

    Rosenbrock 1960, "An automatic method for finding the greatest or least value of a function", The
    Computer Journal 3 (3); problem 1 of Moré, Garbow and Hillstrom 1981, with their start (-1.2, 1).
    """
    return Surface(
        name="rosenbrock",
        title="Rosenbrock",
        formula="(1 − x)² + 100 (y − x²)²",
        axes=("x", "y"),
        view=((-2.0, 2.0), (-0.8, 2.4)),
        start=(-1.2, 1.0),
        minima=((1.0, 1.0),),
        least=0.0,
        value=lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    )


def himmelblau() -> Surface:
    """Four minima of value 0. Which one is found depends on the optimizer.

    Himmelblau 1972, "Applied nonlinear programming". The start is near the hill in the middle, from which
    the ways part.
    """
    return Surface(
        name="himmelblau",
        title="Himmelblau",
        formula="(x² + y − 11)² + (x + y² − 7)²",
        axes=("x", "y"),
        view=((-5.4, 5.4), (-5.0, 5.0)),
        start=(-0.2, -0.9),
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286169),
            (3.584428340330492, -1.848126526964404),
        ),
        least=0.0,
        value=lambda x, y: (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    )


HALF_VIEW = (1.7, 1.1)
FROM_MINIMUM = (1.3, 0.75)


def line(examples: Tensor) -> Surface:
    """The mean squared error of y = w x + b over the examples, (n, 2) in float64, for each w and b.

    Its minimum is that of least squares (Legendre 1805).
    """
    u, v = examples.unbind(1)
    ones = torch.ones_like(u)
    slope, offset = torch.linalg.lstsq(torch.stack([u, ones], 1), v[:, None]).solution.flatten().tolist()

    def value(w: Tensor, b: Tensor) -> Tensor:
        return squared_error(w, b, examples)

    return Surface(
        name="cars",
        title="Cars",
        formula="1/N · Σ (w xᵢ + b − yᵢ)²",
        axes=("w, the slope", "b, the offset"),
        view=(
            (slope - HALF_VIEW[0], slope + HALF_VIEW[0]),
            (offset - HALF_VIEW[1], offset + HALF_VIEW[1]),
        ),
        start=(slope + FROM_MINIMUM[0], offset + FROM_MINIMUM[1]),
        minima=((slope, offset),),
        least=float(value(torch.tensor(slope).double(), torch.tensor(offset).double())),
        value=value,
        examples=examples,
    )


def squared_error(w: Tensor, b: Tensor, examples: Tensor) -> Tensor:
    """The mean over the examples, (n, 2), of the squared error of y = w x + b."""
    u, v = examples.unbind(1)
    return (w[..., None] * u + b[..., None] - v).square().mean(-1)


def cars(folder: Path | None) -> Surface:
    """The line's loss over the cars: horsepower and miles per gallon, each brought to 0..1.

    `folder` holds the data sets, None for the user's. Raises LimnerError where the cars are not there.
    """
    table = torch.from_numpy(load_cars(folder).complete("horsepower", "mpg"))
    least, most = table.amin(0), table.amax(0)
    return line((table - least) / (most - least))


FIXED: dict[SurfaceName, Callable[[], Surface]] = {
    "saddle": saddle,
    "beale": beale,
    "rosenbrock": rosenbrock,
    "himmelblau": himmelblau,
}


def make_surface(name: SurfaceName, k: float, folder: Path | None = None) -> Surface:
    """The surface of that name; `k` is for the ravine, the folder of data sets for the cars."""
    if name == "ravine":
        return ravine(k)
    return cars(folder) if name == "cars" else FIXED[name]()
