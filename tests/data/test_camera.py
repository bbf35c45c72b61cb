"""Cameras degrade the guide, never the target, each within its limits."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from limner.data.augmentation import Batch, TrainingPair, make_pair
from limner.data.camera import BLOCKS, GAMMA, HAZE, NOISE, VIGNETTE, CameraParams, degrade, sample_camera
from limner.guide import make_guide
from limner.recipe import GuideName

STILL = CameraParams(
    gamma=torch.ones(1),
    contrast=torch.ones(1),
    haze=torch.full((1,), 0.5),
    vignette=torch.zeros(1),
    noise=torch.zeros(1, 1, BLOCKS, BLOCKS),
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat(shade: float, side: int = 8) -> torch.Tensor:
    return torch.full((1, 1, side, side), shade)


def test_parameters_stay_within_their_limits_and_reach_them() -> None:
    camera = sample_camera(1.0, 3000, generator())
    for values, low, high in (
        (camera.gamma.log2(), -GAMMA, GAMMA),
        (camera.contrast, 1 - HAZE, 1.0),
        (camera.haze, 0.3, 0.7),
        (camera.vignette, 0.0, VIGNETTE),
    ):
        assert low <= values.min() + 1e-6
        assert values.min() < low + 0.01 * (high - low)
        assert high >= values.max() - 1e-6
        assert values.max() > high - 0.01 * (high - low)
    deviations = camera.noise.std(dim=(1, 2, 3))
    assert 0.95 * NOISE < deviations.max() < 1.1 * NOISE
    assert deviations.min() < 0.01 * NOISE


def test_no_strength_changes_nothing() -> None:
    image = torch.rand(5, 3, 16, 16, generator=generator())
    camera = sample_camera(0.0, 5, generator())
    torch.testing.assert_close(degrade(image, camera), image)


def test_the_generator_decides() -> None:
    first, same, other = (sample_camera(1.0, 3, generator(seed)) for seed in (1, 1, 2))
    for field in fields(first):
        assert torch.equal(getattr(first, field.name), getattr(same, field.name))
        assert not torch.equal(getattr(first, field.name), getattr(other, field.name))


def test_gamma_is_an_exponent() -> None:
    degraded = degrade(flat(0.25), replace(STILL, gamma=torch.full((1,), 0.5)))
    torch.testing.assert_close(degraded, flat(0.5))


def test_haze_takes_contrast_about_a_grey() -> None:
    camera = replace(STILL, contrast=torch.full((1,), 0.5), haze=torch.full((1,), 0.4))
    torch.testing.assert_close(degrade(flat(0.4), camera), flat(0.4))
    torch.testing.assert_close(degrade(flat(1.0), camera), flat(0.7))


@pytest.mark.parametrize("side", [11, 64])
def test_a_vignette_darkens_the_corners(side: int) -> None:
    degraded = degrade(flat(0.8, side), replace(STILL, vignette=torch.full((1,), 0.5)))[0, 0]
    middle = side // 2
    assert degraded[middle, middle] == pytest.approx(0.8, abs=2e-4)
    corner, edge = 1 - 1 / side, degraded[middle, 0]
    assert degraded[0, 0] == pytest.approx(0.8 * (1 - 0.5 * corner**2), abs=1e-5)
    assert degraded[0, 0] < edge < degraded[middle, middle]


def test_cells_have_the_mean_of_their_noise() -> None:
    camera = replace(STILL, noise=0.1 * torch.randn(1, 1, BLOCKS, BLOCKS, generator=generator()))
    blocks, cells = degrade(flat(0.5, BLOCKS), camera), degrade(flat(0.5, 8), camera)
    expected = torch.nn.functional.avg_pool2d(blocks, BLOCKS // 8)
    torch.testing.assert_close(cells, expected, atol=1e-5, rtol=0)
    twice = degrade(flat(0.5, 2 * BLOCKS), camera)
    torch.testing.assert_close(twice[..., ::2, 1::2], blocks)


def pair_of(guide: GuideName, camera: CameraParams | None) -> TrainingPair:
    boxes = torch.randint(0, 256, (2, 84, 84, 3), generator=generator()).byte()
    boxes[:, 20:60, 10:50] //= 3
    window = torch.tensor([[5.0, 9.0, 64.0, 1.0], [0.0, 0.0, 84.0, -1.0]]).T
    live = torch.tensor([[0.0, 0.1], [1.0, 0.9]])
    return make_pair(Batch(boxes, None, window, live, camera), make_guide(guide, 64), 64)


@pytest.mark.parametrize("guide", ["soft", "edges", "colour"])
def test_a_camera_changes_the_guide_and_not_the_target(guide: GuideName) -> None:
    plain, degraded = pair_of(guide, None), pair_of(guide, sample_camera(1.0, 2, generator(3)))
    assert torch.equal(degraded.target, plain.target)
    assert degraded.input.shape == plain.input.shape
    for before, after in zip(plain.input, degraded.input, strict=True):
        assert (after - before).abs().mean() > 0.02
    assert degraded.input.abs().max() <= 1
