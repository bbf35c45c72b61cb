"""Noise gain tells a painter that passes noise on from one that averages it."""

from __future__ import annotations

import pytest

from helpers.drawn import drawn, show_soft
from limner.evaluation.noise_gain import measure_noise_gain


def test_cells_average_noise_and_a_copy_keeps_it() -> None:
    pictures = drawn(1)[:8]
    soft = measure_noise_gain(show_soft, pictures, show_soft(pictures), seed=0)
    assert 0.01 < soft.low < soft.high < 0.3
    copy = measure_noise_gain(lambda picture: picture, pictures, pictures, seed=0)
    assert copy.low > 0.999
    sharpened = measure_noise_gain(lambda picture: 3 * picture, pictures, 3 * pictures, seed=0)
    assert sharpened.value == pytest.approx(3 * copy.value)
