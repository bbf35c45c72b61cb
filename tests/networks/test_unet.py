"""The generator's shapes, initial weights, dropout and upsampling layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.networks.generator import make_generator
from limner.networks.unet import NearestConv, UNet, replace_layers
from limner.recipe import PIXELS, Recipe, Size, Upsampling


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("size", ["small", "medium"])
def test_every_size_paints_at_every_number_of_pixels(size: Size, pixels: int) -> None:
    network = make_generator(Recipe(size=size, pixels=pixels)).eval()
    with torch.no_grad():
        painting = network(torch.zeros(1, 1, pixels, pixels))
    assert painting.shape == (1, 3, pixels, pixels)
    assert painting.abs().max() <= 1


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
def test_initial_weights_are_pix2pix_s(upsampling: Upsampling) -> None:
    torch.manual_seed(0)
    network = make_generator(Recipe(size="small", upsampling=upsampling))
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and module.weight.numel() > 10_000:
            assert 0.019 < module.weight.std() < 0.021
            assert abs(module.weight.mean()) < 0.001
        elif isinstance(module, nn.BatchNorm2d) and module.num_features > 100:
            assert 0.95 < module.weight.mean() < 1.05


def test_dropout_is_in_the_three_innermost_levels() -> None:
    network = make_generator(Recipe(size="small"))
    assert isinstance(network, UNet)
    rates = [getattr(up.dropout, "p", 0.0) for up in network.up]
    assert rates == [0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0]


def test_layers_are_replaced_in_place() -> None:
    network = make_generator(Recipe(size="small", pixels=64)).eval()
    image = torch.rand(1, 1, 64, 64)
    before = network(image)

    def in_two_layers(layer: nn.Module) -> nn.Module:
        if not isinstance(layer, NearestConv):
            return layer
        return nn.Sequential(nn.UpsamplingNearest2d(scale_factor=2), layer.conv)

    replace_layers(network, in_two_layers)
    assert not any(isinstance(m, NearestConv) for m in network.modules())
    assert sum(isinstance(m, nn.UpsamplingNearest2d) for m in network.modules()) == 6
    torch.testing.assert_close(network(image), before)
