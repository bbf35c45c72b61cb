"""Figures of paintings relative to real pictures, and how far two halves of the real ones differ.

A figure that is 1 for real pictures is within their own spread where it is no farther from 1 than one half
of the real pictures is from the other half.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from limner.evaluation.bootstrap import LEVEL, ROUNDS, Interval, bootstrap

Figure = Callable[[Tensor, Tensor], float]
"""A figure, above 0, of what was measured of pictures (N, ...) with weights (N,)."""


@dataclass(frozen=True)
class Relative:
    """A figure of paintings divided by that of real pictures."""

    ratio: Interval
    halves: float
    """How far the ratio of two halves of the real pictures is from 1: at most this for 95 % of halvings;
    NaN for fewer than 4 pictures."""


def compare_to_real(figure: Figure, painted: Tensor, real: Tensor, seed: int) -> Relative:
    """Compare what was measured of N paintings and of the N real pictures that belong to them."""

    def ratio(weights: Tensor) -> float:
        return divide(figure(painted, weights), figure(real, weights))

    return Relative(bootstrap(ratio, len(real), seed), _compare_halves(figure, real, seed))


def divide(numerator: float, denominator: float) -> float:
    """The ratio; NaN where the denominator is 0."""
    return numerator / denominator if denominator else math.nan


def _compare_halves(figure: Figure, real: Tensor, seed: int) -> float:
    count = len(real)
    if count < 4:
        return math.nan
    generator = torch.Generator().manual_seed(seed)
    distances = torch.empty(ROUNDS, dtype=torch.float64)
    for nth in range(ROUNDS):
        order = torch.randperm(count, generator=generator)
        first = torch.zeros(count, dtype=torch.float64).index_fill_(0, order[: count // 2], 1)
        distances[nth] = abs(divide(figure(real, first), figure(real, 1 - first)) - 1)
    return float(distances.quantile(LEVEL))
