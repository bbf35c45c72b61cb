"""Diversity tells many different paintings from one painting over and over."""

from __future__ import annotations

import pytest

from helpers.drawn import drawn
from limner.evaluation.diversity import measure_diversity
from limner.evaluation.judge import Judge


def test_other_pictures_are_as_diverse_and_copies_of_a_few_are_not(judge: Judge) -> None:
    real = judge.features(drawn(1))
    others = measure_diversity(judge.features(drawn(2)), real, seed=0)
    assert 0.8 < others.low < others.high < 1.25
    four = measure_diversity(real[:4].repeat(8, 1), real, seed=0)
    assert four.high < 0.5
    one = measure_diversity(real[:1].expand_as(real), real, seed=0)
    assert four.value == pytest.approx(4 * one.value, rel=0.2)
    assert one.high < four.low


def test_bland_paintings_near_the_mean_are_not_diverse(judge: Judge) -> None:
    real = judge.features(drawn(1))
    assert measure_diversity(real.mean(0) + 0.2 * (real - real.mean(0)), real, seed=0).high < 0.3
