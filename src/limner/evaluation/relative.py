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

MeanStatistic = Callable[[Tensor], Tensor]
"""A figure (R,), above 0, of R weighted means (R, ...) of what was measured of pictures."""

MIN_PICTURES = 4
"""Fewest real pictures that a painter is measured on: two halves of two."""


@dataclass(frozen=True)
class Relative:
    """A figure of paintings divided by that of real pictures."""

    ratio: Interval
    halves: float
    """How far the ratio of two halves of the real pictures is from 1: at most this for 95 % of halvings;
    NaN for fewer pictures than `MIN_PICTURES`."""


def compare_to_real(statistic: MeanStatistic, painted: Tensor, real: Tensor, seed: int) -> Relative:
    """Compare what was measured of N paintings, (N, ...), and of the N pictures that belong to them."""

    def ratio(weights: Tensor) -> Tensor:
        return statistic(average(painted, weights)) / statistic(average(real, weights))

    return Relative(bootstrap(ratio, len(real), seed), _compare_halves(statistic, real, seed))


def average(measured: Tensor, weights: Tensor) -> Tensor:
    """Weighted means (R, ...) of what was measured of pictures, (N, ...), by R rows of weights (R, N)."""
    means: Tensor = torch.tensordot(weights / weights.sum(1, keepdim=True), measured, dims=1)
    return means


def _compare_halves(statistic: MeanStatistic, real: Tensor, seed: int) -> float:
    count = len(real)
    if count < MIN_PICTURES:
        return math.nan
    shuffled = torch.rand(ROUNDS, count, generator=torch.Generator().manual_seed(seed)).argsort(1)
    first = (shuffled < count // 2).double()
    ratios = statistic(average(real, first)) / statistic(average(real, 1 - first))
    return float((ratios - 1).abs().quantile(LEVEL))
