"""The bootstrap: intervals that hold the truth as often as they say, and paired differences."""

from __future__ import annotations

import math

import torch

from limner.evaluation.bootstrap import bootstrap, bootstrap_mean, draw_weights


def test_about_95_of_100_intervals_hold_the_mean() -> None:
    generator = torch.Generator().manual_seed(0)
    held = 0
    for seed in range(100):
        interval = bootstrap_mean(torch.randn(40, generator=generator).double(), seed)
        held += interval.low < 0 < interval.high
    assert 88 <= held <= 99


def test_the_same_seed_draws_the_same_pictures_so_differences_are_paired() -> None:
    values = torch.randn(50, generator=torch.Generator().manual_seed(0)).double()
    shifted = values + 0.1
    assert bootstrap_mean(values, seed=4) == bootstrap_mean(values, seed=4)
    assert bootstrap_mean(values, seed=4) != bootstrap_mean(values, seed=5)
    paired = bootstrap(lambda weights: weights @ (shifted - values) / 50, 50, seed=4)
    assert paired.high - paired.low < 1e-9


def test_weights_draw_as_many_pictures_as_there_are() -> None:
    weights = draw_weights(7, seed=0)
    assert set(weights.sum(1).tolist()) == {7}
    assert 0.6 < float((weights > 0).double().mean()) < 0.7


def test_what_no_draw_determines_has_no_interval() -> None:
    interval = bootstrap(lambda weights: torch.full((len(weights),), math.nan), 5, seed=0)
    assert math.isnan(interval.low) and math.isnan(interval.high)
