"""Bootstrap intervals (Efron 1979) of figures that are computed from a set of pictures.

A figure is a function of weights, one for each picture: how often it was drawn. The same number of pictures
and the same seed give the same draws. So two figures of the same pictures can be compared draw by draw: the
interval of their difference is that of `make_interval(one.value - other.value, one.draws - other.draws)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

ROUNDS = 400
LEVEL = 0.95
"""The share of draws that the interval holds."""

Statistic = Callable[[Tensor], Tensor]
"""A figure (R,) for each of R rows of weights (R, N), float64, of sum N."""


@dataclass(frozen=True)
class Interval:
    """A figure and the ends of its interval; NaN where the pictures do not determine it."""

    value: float
    low: float
    high: float
    draws: Tensor = field(repr=False, compare=False)
    """(`ROUNDS`,), float64: the figure of redrawn pictures; NaN where they do not determine it."""


def bootstrap(statistic: Statistic, count: int, seed: int) -> Interval:
    """The figure of all `count` pictures, with its interval."""
    once = torch.ones(1, count, dtype=torch.float64)
    values = statistic(torch.cat([once, draw_weights(count, seed)]))
    return make_interval(float(values[0]), values[1:])


def make_interval(value: float, draws: Tensor) -> Interval:
    """The middle 95 % of a figure's values on redrawn pictures.

    The interval is moved so that the redrawn median is the figure: among redrawn pictures some come twice,
    so what counts different ones is too low.
    """
    drawn = draws[draws.isfinite()]
    if not len(drawn):
        return Interval(value, math.nan, math.nan, draws)
    ranks = torch.tensor([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], dtype=torch.float64)
    low, median, high = drawn.quantile(ranks).tolist()
    return Interval(value, value + low - median, value + high - median, draws)


def bootstrap_mean(values: Tensor, seed: int) -> Interval:
    """The mean of one value (N,), float64, for each picture."""
    return bootstrap(lambda weights: weights @ values / len(values), len(values), seed)


def draw_weights(count: int, seed: int) -> Tensor:
    """(`ROUNDS`, count): how often each picture comes when `count` are drawn with replacement."""
    drawn = torch.randint(count, (ROUNDS, count), generator=torch.Generator().manual_seed(seed))
    weights = torch.zeros(ROUNDS, count, dtype=torch.float64)
    return weights.scatter_add_(1, drawn, torch.ones_like(weights))
