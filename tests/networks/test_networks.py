"""The networks are the papers', to the last parameter."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.networks.patchgan import PatchGAN, make_discriminator
from limner.networks.summary import count_parameters, summarize_layers
from limner.networks.unet import NearestConv, UNet, filters, make_generator, replace_layers
from limner.recipe import PIXELS, Recipe, Size, Upsampling


@pytest.mark.parametrize(
    ("size", "expected"),
    [("small", 6_297_491), ("medium", 16_786_211), ("large", 54_423_811)],
)
def test_parameters_of_the_paper(size: Size, expected: int) -> None:
    network = UNet(filters(size, 256), channels_in=1, upsampling="transposed")
    assert count_parameters(network) == expected


def test_parameters_of_pix2pix_s_discriminator() -> None:
    # What pytorch-CycleGAN-and-pix2pix prints for it is 2.769 M.
    network = PatchGAN(6, 64)
    assert sum(p.numel() for p in network.parameters()) == 2_768_705
    assert count_parameters(network) - sum(p.numel() for p in network.parameters()) == 2 * (128 + 256 + 512)


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("size", ["lean", "small", "medium"])
def test_every_size_paints_at_every_number_of_pixels(size: Size, pixels: int) -> None:
    network = make_generator(Recipe(size=size, pixels=pixels)).eval()
    with torch.no_grad():
        painting = network(torch.zeros(1, 1, pixels, pixels))
    assert painting.shape == (1, 3, pixels, pixels)
    assert painting.abs().max() <= 1


def test_patches_of_the_discriminator_see_70_pixels() -> None:
    network = PatchGAN(4, 8).eval()
    shown = torch.zeros(1, 1, 128, 128)
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    logits = network(shown, picture)
    assert logits.shape == (1, 1, 14, 14)
    logits[0, 0, 7, 7].backward()
    assert picture.grad is not None
    seen = picture.grad[0].abs().sum(0).nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [70, 70]


def test_the_discriminator_fits_the_recipe() -> None:
    recipe = Recipe(guide="colour", discriminator=8)
    first = next(m for m in make_discriminator(recipe).modules() if isinstance(m, nn.Conv2d))
    assert first.weight.shape == (8, 6, 4, 4)


@pytest.mark.parametrize("bias", [True, False])
def test_nearest_and_a_convolution_is_a_transposed_convolution(bias: bool) -> None:
    torch.manual_seed(0)
    layer = NearestConv(5, 7, bias=bias).double()
    image = torch.randn(2, 5, 9, 6, dtype=torch.float64)
    torch.testing.assert_close(layer.to_transposed()(image), layer(image), atol=1e-12, rtol=0)


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
def test_first_weights_are_pix2pix_s(upsampling: Upsampling) -> None:
    torch.manual_seed(0)
    network = make_generator(Recipe(size="small", upsampling=upsampling))
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and module.weight.numel() > 10_000:
            assert 0.019 < module.weight.std() < 0.021
            assert abs(module.weight.mean()) < 0.001
        elif isinstance(module, nn.BatchNorm2d) and module.num_features > 100:
            assert 0.95 < module.weight.mean() < 1.05


def test_multiply_adds_are_counted_by_hand() -> None:
    counted = summarize_layers(
        nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.ConvTranspose2d(8, 2, 4, 2, 1)),
        torch.zeros(1, 3, 16, 16),
    )
    conv, back = counted
    assert (conv.shape, conv.multiply_adds) == ((8, 8, 8), 8 * 8 * 8 * 3 * 16)
    assert (back.shape, back.multiply_adds) == ((2, 16, 16), 8 * 8 * 8 * 2 * 16)
    assert back.zero_stuffed == 4 * back.multiply_adds
    assert (conv.parameters, back.parameters) == (3 * 8 * 16 + 8, 8 * 2 * 16 + 2)


def test_dropout_is_in_the_three_innermost_levels() -> None:
    network = make_generator(Recipe())
    rates = [getattr(up.dropout, "p", 0.0) for up in network.up]
    assert rates == [0.5, 0.5, 0.5, 0.0, 0.0, 0.0]


def test_layers_are_replaced_in_place() -> None:
    network = make_generator(Recipe(pixels=64)).eval()
    image = torch.rand(1, 1, 64, 64)
    before = network(image)
    replace_layers(network, lambda m: m.to_transposed() if isinstance(m, NearestConv) else m)
    assert not any(isinstance(m, NearestConv) for m in network.modules())
    torch.testing.assert_close(network(image), before, atol=1e-5, rtol=1e-4)
