"""The spectrum tells soft pictures from sharp ones, and finds a pattern at its frequency."""

from __future__ import annotations

import math

import torch

from helpers.drawn import blur, drawn
from limner.evaluation.spectrum import measure_spectrum, radial_power


def test_blurred_pictures_lack_the_top_octave_and_others_of_the_kind_do_not() -> None:
    real = drawn(1)
    good, blurred = (measure_spectrum(paintings, real, seed=0) for paintings in (drawn(2), blur(real)))
    assert abs(good.top_octave.value) < 2
    assert blurred.top_octave.high < -6 < good.top_octave.low
    assert blurred.rms.low > 2 * good.rms.high


def test_noise_shows_as_power_above_real_pictures() -> None:
    real = drawn(1)
    noisy = (real + 0.05 * torch.randn(real.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    assert measure_spectrum(noisy, real, seed=0).top_octave.low > 1


def test_a_wave_has_its_power_at_its_own_frequency() -> None:
    wave = torch.sin(2 * math.pi * 9 * torch.arange(64) / 64) / 4 + 0.5
    power = radial_power(wave.expand(1, 3, 64, 64))
    assert power.shape == (1, 31)
    assert int(power.argmax()) == 9 - 1
