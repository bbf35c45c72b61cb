"""The network of keyframe painting: any size, no place in it, and a cost that browsers can pay."""

from __future__ import annotations

import pytest
import torch

from limner.networks.patch_unet import PatchUNet, make_patch_unet
from limner.networks.summary import summarize_layers


@pytest.fixture(scope="module")
def network() -> PatchUNet:
    torch.manual_seed(0)
    return make_patch_unet().eval()


@pytest.mark.parametrize("size", [(4, 4), (32, 32), (36, 100)])
def test_it_paints_pictures_of_any_size(size: tuple[int, int], network: PatchUNet) -> None:
    with torch.no_grad():
        painting = network(torch.zeros(2, 3, *size))
    assert painting.shape == (2, 3, *size)


def test_no_place_is_special(network: PatchUNet) -> None:
    picture = torch.rand(1, 3, 136, 136, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        whole, part = network(picture), network(picture[..., 4:132, 4:132])
    assert torch.allclose(whole[..., 60:76, 60:76], part[..., 56:72, 56:72], atol=1e-5)


def test_the_budget_holds(network: PatchUNet) -> None:
    layers = summarize_layers(network, torch.zeros(1, 3, 256, 256))
    assert sum(layer.multiply_adds for layer in layers) < 1.2e9
    assert sum(layer.parameters for layer in layers) < 0.2e6
