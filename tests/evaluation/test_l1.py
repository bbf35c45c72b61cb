"""The L1 on the scale of a run's log."""

from __future__ import annotations

import pytest

from helpers.drawn import drawn
from limner.evaluation.l1 import measure_l1


def test_a_painting_that_is_a_tenth_too_bright_differs_by_two_tenths() -> None:
    real = 0.8 * drawn(1)
    assert measure_l1(real + 0.1, real, seed=0).value == pytest.approx(0.2, rel=1e-5)
    assert measure_l1(drawn(2), real, seed=0).low > 0.2
