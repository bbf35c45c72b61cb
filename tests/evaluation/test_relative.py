"""Figures relative to real pictures, with the spread of two halves of these."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from limner.evaluation.relative import compare_to_real


def same(means: Tensor) -> Tensor:
    return means


def test_the_halves_of_a_varied_set_differ_more_than_those_of_an_even_one() -> None:
    even = torch.ones(20, dtype=torch.float64)
    varied = torch.linspace(0.1, 1.9, 20, dtype=torch.float64)
    assert compare_to_real(same, 2 * even, even, seed=0).ratio.value == 2
    assert compare_to_real(same, even, even, seed=0).halves == 0
    assert 0.2 < compare_to_real(same, varied, varied, seed=0).halves < 1


def test_too_few_pictures_have_no_halves() -> None:
    three = torch.ones(3, dtype=torch.float64)
    assert math.isnan(compare_to_real(same, three, three, seed=0).halves)
