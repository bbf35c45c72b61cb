"""Compact generators: shapes, budgets, borders without frames, and the two forms of doubling."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from limner.networks.compact_unet import START, CompactUNet, DoublingConv, EdgeConv, Grain
from limner.networks.generator import make_generator
from limner.networks.summary import count_parameters, describe_recipe, summarize_layers
from limner.recipe import PIXELS, GuideName, Recipe, Size


def compact(size: Size = "lean", pixels: int = 64, guide: GuideName = "soft") -> CompactUNet:
    torch.manual_seed(0)
    network = make_generator(Recipe(size=size, pixels=pixels, guide=guide))
    assert isinstance(network, CompactUNet)
    return network.eval()


@torch.no_grad()
def paint(network: CompactUNet, guide: Tensor) -> Tensor:
    painting: Tensor = network(guide)
    return painting


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize(("guide", "channels"), [("soft", 1), ("edges", 1), ("colour", 3)])
@pytest.mark.parametrize("size", ["full", "lean"])
def test_every_size_paints_at_every_number_of_pixels(
    size: Size, guide: GuideName, channels: int, pixels: int
) -> None:
    side = START if guide == "soft" else pixels
    painting = paint(compact(size, pixels, guide), torch.zeros(1, channels, side, side))
    assert painting.shape == (1, 3, pixels, pixels)
    assert painting.abs().max() <= 1


@pytest.mark.parametrize(
    ("size", "most_multiply_adds", "most_weights"), [("full", 0.8e9, 0.96e6), ("lean", 0.61 * 297e6, 0.3e6)]
)
def test_the_budgets_hold(size: Size, most_multiply_adds: float, most_weights: float) -> None:
    layers = summarize_layers(compact(size, 256), torch.zeros(1, 1, START, START))
    assert sum(layer.multiply_adds for layer in layers) <= most_multiply_adds
    assert sum(layer.parameters for layer in layers) <= most_weights
    # Two more of the 15 dispatches make the guide.
    assert len(layers) <= 13


@pytest.mark.parametrize(("guide", "channels"), [("edges", 1), ("colour", 3)])
def test_full_sees_edges_and_colours_at_the_price_that_the_docs_name(
    guide: GuideName, channels: int
) -> None:
    layers = summarize_layers(compact("full", 256, guide), torch.zeros(1, channels, 256, 256))
    assert sum(layer.multiply_adds for layer in layers) <= 0.98e9
    assert sum(layer.parameters for layer in layers) <= 1.05e6


@pytest.mark.parametrize("stride", [1, 2])
def test_a_flat_picture_has_no_frame(stride: int) -> None:
    features = EdgeConv(3, 5, stride)(torch.full((1, 3, 8, 8), 0.7))
    torch.testing.assert_close(features, features[:, :, 3:4, 3:4].expand_as(features))


def test_doubling_is_a_convolution_of_the_doubled_image_borders_included() -> None:
    torch.manual_seed(0)
    layer = DoublingConv(5, 7).double()
    image = torch.randn(2, 5, 9, 6, dtype=torch.float64)
    torch.testing.assert_close(layer(image), layer.to_nearest()(image), atol=1e-12, rtol=0)


def test_multiply_adds_of_doubling_are_those_of_its_transposed_form() -> None:
    (layer,) = summarize_layers(DoublingConv(5, 7), torch.zeros(1, 5, 8, 8))
    assert layer.multiply_adds == 16 * 5 * 7 * 8 * 8
    assert layer.zero_stuffed == 9 * 5 * 7 * 16 * 16
    assert layer.parameters == 9 * 5 * 7 + 7


def test_grain_is_fixed_when_painting_and_moves_in_training() -> None:
    grain = Grain()
    flat = torch.zeros(2, 1, START, START)
    grain.eval()
    assert torch.equal(grain(flat), grain(flat))
    assert grain(flat).std() > 0
    grain.train()
    torch.manual_seed(1)
    first, second = grain(flat), grain(flat)
    assert not torch.equal(first, second)
    assert torch.equal(first.flatten().sort().values, second.flatten().sort().values)
    # The pictures of a batch see one noise: a moved camera does not move it.
    assert torch.equal(first[0], first[1])


def test_a_summary_has_a_row_for_each_layer() -> None:
    recipe = Recipe(size="full", guide="edges")
    summary = describe_recipe("full", recipe)
    assert len(summary.layers) == 16
    grain = next(layer for layer in summary.layers if layer.name == "grain")
    assert (grain.kind, grain.shape, grain.parameters) == ("Add", (96, START, START), 0)
    assert summary.parameters == count_parameters(make_generator(recipe))
