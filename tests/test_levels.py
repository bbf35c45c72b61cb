"""Auto-levels move the light of a camera to that of a look's pictures, and leave flat walls flat."""

from __future__ import annotations

import pytest
import torch

from limner.levels import CAMERA_MEAN, CAMERA_VARIATION, MAX_GAIN, AutoLevels
from limner.light import PHOTOS, Light
from limner.recipe import CELLS

ALL = torch.ones(1, 1, 1, 1)


def cells(mean: float, spread: float) -> torch.Tensor:
    noise = torch.randn(1, 1, CELLS, CELLS, generator=torch.Generator().manual_seed(0))
    return mean + spread * (noise - noise.mean()) / noise.std(correction=0)


def spread(image: torch.Tensor) -> float:
    return float(image.std(correction=0))


def test_nothing_changes_at_strength_0() -> None:
    image = cells(0.7, 0.05)
    torch.testing.assert_close(AutoLevels(PHOTOS, CELLS)(image, 0 * ALL), image)


def test_the_camera_s_usual_light_becomes_that_of_the_pictures() -> None:
    light = Light(mean=0.3, variation=0.08, spread=0.14)
    levelled = AutoLevels(light, CELLS)(cells(CAMERA_MEAN, light.spread), ALL)
    torch.testing.assert_close(levelled, cells(light.mean, light.spread), atol=1e-5, rtol=0)


def test_half_the_strength_moves_half_the_way() -> None:
    levels, image = AutoLevels(PHOTOS, CELLS), cells(0.8, 0.06)
    halfway = (image + levels(image, ALL)) / 2
    torch.testing.assert_close(levels(image, ALL / 2), halfway)


@pytest.mark.parametrize("mean", [0.1, 0.5, 0.9])
def test_dark_rooms_stay_darker_than_bright_ones(mean: float) -> None:
    levelled = float(AutoLevels(PHOTOS, CELLS)(cells(mean, 0.02), ALL).mean())
    expected = PHOTOS.mean + (mean - CAMERA_MEAN) * PHOTOS.variation / CAMERA_VARIATION
    assert levelled == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("before", "gain"), [(0.001, MAX_GAIN), (PHOTOS.spread, 1.0)])
def test_dull_light_gains_contrast_up_to_a_limit(before: float, gain: float) -> None:
    levelled = AutoLevels(PHOTOS, CELLS)(cells(0.5, before), ALL)
    assert spread(levelled) == pytest.approx(gain * before, rel=1e-3)


def test_harsh_light_loses_contrast() -> None:
    levelled = AutoLevels(PHOTOS, CELLS)(cells(0.5, 0.35), ALL)
    assert PHOTOS.spread < spread(levelled) < 0.2


def test_a_flat_wall_stays_flat() -> None:
    levelled = AutoLevels(PHOTOS, CELLS)(torch.full((1, 1, CELLS, CELLS), 0.9), ALL)
    assert torch.isfinite(levelled).all()
    assert spread(levelled) < 1e-4
