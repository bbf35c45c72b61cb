"""The losses: what each of them sees, and what it does not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limner.data.synthetic.draw import draw
from limner.guide import average_cells, grey
from limner.networks.features import SqueezeNet, load_squeezenet
from limner.training.losses import (
    VIEW,
    adversarial_loss,
    fake_loss,
    feature_matching,
    light_loss,
    low_frequency_l1,
    perceptual_loss,
    real_loss,
    take_view,
)


@pytest.fixture(scope="module")
def network() -> SqueezeNet:
    return load_squeezenet()


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    arrays = [torch.frombuffer(bytearray(p.tobytes()), dtype=torch.uint8) for p in draw("garden", 2, 64, 0)]
    return torch.stack([a.reshape(64, 64, 3).permute(2, 0, 1) for a in arrays]) / 127.5 - 1


def test_hinge_losses_are_1_for_a_guess_and_0_beyond_the_margin() -> None:
    assert real_loss(torch.zeros(3)) == fake_loss(torch.zeros(3)) == 1
    assert real_loss(torch.full((3,), 1.5)) == fake_loss(torch.full((3,), -1.5)) == 0
    assert real_loss(torch.full((3,), -1.0)) == fake_loss(torch.full((3,), 1.0)) == 2
    assert adversarial_loss(torch.full((3,), 2.0)) == -2


def test_feature_matching_sums_the_mean_differences_of_layers() -> None:
    first = [torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 2, 2)]
    second = [torch.ones(2, 3, 4, 4), torch.full((2, 5, 2, 2), -0.5)]
    assert feature_matching(first, second) == pytest.approx(1.5)


def test_low_frequency_l1_sees_colour_and_no_texture(pictures: Tensor) -> None:
    texture = 0.3 * torch.tensor([1.0, -1.0]).repeat(32)
    assert low_frequency_l1(pictures + texture, pictures) < 1e-6
    assert low_frequency_l1(pictures + 0.3, pictures) == pytest.approx(0.3, abs=1e-5)


def test_perceptual_loss_sees_blur_more_than_a_change_of_light(
    network: SqueezeNet, pictures: Tensor
) -> None:
    blurred = torch.nn.functional.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)
    darker = 0.9 * pictures - 0.1
    assert perceptual_loss(network, pictures, pictures) == 0
    assert perceptual_loss(network, blurred, pictures) > 2 * perceptual_loss(network, darker, pictures) > 0


def test_perceptual_loss_teaches_the_painting_alone(network: SqueezeNet, pictures: Tensor) -> None:
    painting = (pictures * 0.5).requires_grad_(True)
    perceptual_loss(network, painting, pictures).backward()  # type: ignore[no-untyped-call]
    assert painting.grad is not None and painting.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_view_is_the_whole_or_a_part_the_same_of_all_pictures() -> None:
    ramp = torch.linspace(0, 1, 256).expand(2, 3, 256, 256)
    torch.manual_seed(0)
    views = [take_view(ramp) for _ in range(40)]
    assert all(view.shape == (2, 3, VIEW, VIEW) for view in views)
    assert all(torch.equal(view[0], view[1]) for view in views)
    spans = [float(view.amax() - view.amin()) for view in views]
    wholes = [span for span in spans if span > 0.9]
    assert 10 < len(wholes) < 30
    assert all(span == pytest.approx(127 / 255) for span in spans if span < 0.9)
    small = torch.rand(1, 3, 64, 64)
    assert torch.equal(take_view(small), small)


def test_light_loss_compares_smooth_light_and_no_colour(pictures: Tensor) -> None:
    cells = average_cells(grey(pictures / 2 + 0.5))
    assert light_loss(pictures, cells) < 1e-6
    assert light_loss(grey(pictures).expand(-1, 3, -1, -1), cells) < 1e-6
    assert light_loss(pictures - 0.4, cells) == pytest.approx(0.2, abs=1e-4)
    texture = 0.4 * torch.tensor([1.0, -1.0]).repeat_interleave(2).repeat(16)
    assert light_loss(pictures + texture, cells) < 0.02
    assert light_loss(pictures[:0], cells[:0]) == 0
