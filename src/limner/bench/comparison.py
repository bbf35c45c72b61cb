"""Whether one painter is better than another, by one figure, on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from limner.evaluation.bootstrap import Interval, make_interval
from limner.evaluation.report import Figure

Verdict = Literal["better", "worse", "within noise"]


@dataclass(frozen=True)
class Comparison:
    """How much farther from the ideal a figure is than that of the first contestant."""

    difference: Interval
    """Below 0 is better. The interval is paired: both figures are of the same redrawn pictures."""
    verdict: Verdict


def average_figure(seeds: Sequence[Figure]) -> Interval:
    """The mean of one figure over the seeds of a contestant."""
    value = sum(figure.interval.value for figure in seeds) / len(seeds)
    return make_interval(value, torch.stack([figure.interval.draws for figure in seeds]).mean(0))


def compare_figures(seeds: Sequence[Figure], first: Sequence[Figure]) -> Comparison:
    """Compare one figure of a contestant's seeds with the same figure of the first contestant's.

    The verdict is within noise unless the interval excludes 0, and every seed of the one is better than
    every seed of the other: the interval knows of other pictures, and of seeds only their spread tells.
    """
    ours, theirs = ([_distance(figure) for figure in figures] for figures in (seeds, first))
    mean, base = _mean(ours), _mean(theirs)
    difference = make_interval(mean[0] - base[0], mean[1] - base[1])
    verdict: Verdict = "within noise"
    if difference.high < 0 and max(_values(ours)) < min(_values(theirs)):
        verdict = "better"
    elif difference.low > 0 and min(_values(ours)) > max(_values(theirs)):
        verdict = "worse"
    return Comparison(difference, verdict)


def _distance(figure: Figure) -> tuple[float, Tensor]:
    """How far a figure is from its ideal: its value, and its draws."""
    interval = figure.interval
    return abs(interval.value - figure.ideal), (interval.draws - figure.ideal).abs()


def _values(distances: Sequence[tuple[float, Tensor]]) -> list[float]:
    return [value for value, _ in distances]


def _mean(distances: Sequence[tuple[float, Tensor]]) -> tuple[float, Tensor]:
    values, draws = zip(*distances, strict=True)
    return sum(values) / len(values), torch.stack(draws).mean(0)
