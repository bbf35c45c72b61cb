"""Noise gain tells a painter that passes noise on from one that averages it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from helpers.drawn import drawn, show_soft
from limner.evaluation.noise_gain import CAMERA_DEVIATION, measure_camera_noise_gain, measure_noise_gain


def test_cells_average_noise_and_a_copy_keeps_it() -> None:
    pictures = drawn(1)[:8]
    soft = measure_noise_gain(show_soft, pictures, show_soft(pictures), seed=0)
    assert 0.01 < soft.low < soft.high < 0.3
    copy = measure_noise_gain(lambda picture: picture, pictures, pictures, seed=0)
    assert copy.low > 0.999
    sharpened = measure_noise_gain(lambda picture: 3 * picture, pictures, 3 * pictures, seed=0)
    assert sharpened.value == pytest.approx(3 * copy.value)


def test_a_cameras_noise_comes_through_as_far_as_the_painter_lets_it() -> None:
    pictures = [picture[None].numpy() * 0.8 + 0.1 for picture in drawn(1)[:3]]
    for gain in (0.0, 0.5, 3.0):
        factor = np.float32(gain)
        measured = measure_camera_noise_gain(partial(np.multiply, factor), pictures)
        assert measured == pytest.approx(gain, abs=1e-4)
    flat = measure_camera_noise_gain(lambda picture: (picture > 0.5).astype(np.float32), pictures)
    assert flat > 2, "what is cut off hard flickers most"
    assert pytest.approx(2 / 255) == CAMERA_DEVIATION
