"""Camera sensitivity tells a painter that follows its guide from one that paints one picture."""

from __future__ import annotations

import pytest

from helpers.drawn import drawn, show_soft
from limner.evaluation.sensitivity import mean_squared_differences, measure_sensitivity


def test_paintings_that_differ_as_their_guides_have_1_and_equal_ones_0() -> None:
    guides = show_soft(drawn(1))
    assert measure_sensitivity(guides.expand(-1, 3, -1, -1), guides, seed=0).value == pytest.approx(1)
    halved = measure_sensitivity(0.5 * guides, guides, seed=0)
    assert halved.low == pytest.approx(0.5) and halved.high == pytest.approx(0.5)
    assert measure_sensitivity(guides[:1].expand_as(guides), guides, seed=0).high < 1e-3


def test_differences_are_between_any_two_pictures() -> None:
    pictures = drawn(1)[:3]
    expected = (pictures[0] - pictures[2]).double().square().mean()
    assert float(mean_squared_differences(pictures)[0, 2]) == pytest.approx(float(expected), rel=1e-5)
