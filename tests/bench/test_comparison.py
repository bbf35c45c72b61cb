"""Comparisons: what is better on the same pictures, and what is noise."""

from __future__ import annotations

import torch
from torch import Tensor

from limner.bench.comparison import average_figure, compare_figures
from limner.evaluation.bootstrap import bootstrap_mean
from limner.evaluation.report import Figure

HARDNESS = torch.rand(40, generator=torch.Generator().manual_seed(1)).double()
"""Some pictures are harder than others, for every painter."""


def figure(values: Tensor, ideal: float = 0) -> Figure:
    return Figure("l1", "L1", ideal, bootstrap_mean(values, seed=0))


def noise(seed: int) -> Tensor:
    values = torch.randn(40, generator=torch.Generator().manual_seed(seed)).double()
    return 0.02 * (values - values.mean())


def test_a_small_gain_on_every_picture_is_found_where_unpaired_intervals_overlap() -> None:
    first, better = figure(HARDNESS), figure(HARDNESS - 0.03 + noise(2))
    assert better.interval.high > first.interval.low, "unpaired, nothing could be said"
    compared = compare_figures([better], [first])
    assert compared.verdict == "better"
    assert compared.difference.low < -0.03 < compared.difference.high < 0
    assert compare_figures([first], [better]).verdict == "worse"


def test_noise_is_no_verdict() -> None:
    assert compare_figures([figure(HARDNESS + noise(3))], [figure(HARDNESS)]).verdict == "within noise"


def test_a_seed_that_disagrees_makes_it_noise() -> None:
    first = [figure(HARDNESS), figure(HARDNESS + 0.01)]
    seeds = [figure(HARDNESS - 0.2), figure(HARDNESS + 0.03)]
    assert compare_figures(seeds, first).difference.high < 0
    assert compare_figures(seeds, first).verdict == "within noise"
    assert compare_figures(seeds[:1], first).verdict == "better"


def test_seeds_that_overlap_make_it_noise() -> None:
    first = [figure(HARDNESS + 0.3), figure(HARDNESS)]
    seeds = [figure(HARDNESS + 0.02), figure(HARDNESS + 0.03)]
    assert compare_figures(seeds, first).difference.high < 0
    assert compare_figures(seeds, first).verdict == "within noise"


def test_nearer_to_the_ideal_is_better_from_either_side() -> None:
    ratio = 1 + 0.5 * HARDNESS
    above, below = figure(1 + ratio, ideal=1), figure(ratio - 1, ideal=1)
    assert compare_figures([below], [above]).verdict == "better"


def test_the_mean_of_seeds_has_an_interval() -> None:
    mean = average_figure([figure(HARDNESS), figure(HARDNESS + 1)])
    assert abs(mean.value - float(HARDNESS.mean()) - 0.5) < 1e-9
    assert mean.low < mean.value < mean.high
