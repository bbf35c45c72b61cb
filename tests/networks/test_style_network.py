"""The network of styles: any size, a cost that browsers can pay, and styles that blend."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from helpers.styles import lively_network, picture
from limner.networks.style_network import EPSILON, MAX_STYLES, StyleNetwork, StyleNorm, to_shares
from limner.networks.summary import count_parameters, summarize_layers

SHOWN = 2 * picture() - 1


def numbers(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(value) for value in values]


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (36, 100)])
def test_it_paints_pictures_of_any_size(size: tuple[int, int]) -> None:
    painting = lively_network(1)(torch.zeros(2, 3, *size))
    assert painting.shape == (2, 3, *size)
    assert painting.abs().max() <= 1


def test_the_budget_holds() -> None:
    layers = summarize_layers(lively_network(1), torch.zeros(1, 3, 256, 256))
    assert sum(layer.multiply_adds for layer in layers) < 1.5e9
    assert count_parameters(lively_network(1)) < 245_000
    assert count_parameters(lively_network(2)) - count_parameters(lively_network(1)) < 1_100


def test_no_convolution_before_a_norm_has_a_bias() -> None:
    convolutions = [m for m in lively_network(1).modules() if isinstance(m, nn.Conv2d)]
    assert [conv.out_channels for conv in convolutions if conv.bias is not None] == [3]


def test_one_style_has_no_live_input_and_several_have_one_each() -> None:
    assert lively_network(1).live == {}
    live = lively_network(3).live
    assert [(name, one.label, one.minimum, one.maximum, one.default) for name, one in live.items()] == [
        ("style1", "Style 1", 0, 1, 1),
        ("style2", "Style 2", 0, 1, 0),
        ("style3", "Style 3", 0, 1, 0),
    ]
    with pytest.raises(ValueError, match="9 styles; a network has 1 to 8"):
        StyleNetwork(["a"] * (MAX_STYLES + 1))


def test_weights_are_shares_of_their_sum_and_the_first_style_paints_without_any() -> None:
    network = lively_network(2)
    first, second = network(SHOWN, *numbers(1, 0)), network(SHOWN, *numbers(0, 1))
    assert (first - second).abs().mean() > 0.01
    for weights in ([], numbers(0.2, 0), numbers(0, 0)):
        torch.testing.assert_close(network(SHOWN, *weights), first, rtol=0, atol=1e-6)
    blend = network(SHOWN, *numbers(1, 1))
    torch.testing.assert_close(network(SHOWN, *numbers(0.5, 0.5)), blend, rtol=0, atol=1e-6)
    assert (blend - first).abs().mean() > 0.001 < (blend - second).abs().mean()


def test_each_style_is_that_of_a_network_with_its_scale_and_shift_alone() -> None:
    """And a blend that of one with the weighted mean of both."""
    network = lively_network(2)
    for weights in ((1.0, 0.0), (0.0, 1.0), (0.25, 0.75)):
        single = lively_network(1)
        single.load_state_dict(
            {
                name: sum(
                    share * network.state_dict()[name[:-1] + str(place)].flatten()
                    for place, share in enumerate(weights)
                )
                if "norm." in name
                else network.state_dict()[name]
                for name in single.state_dict()
            }
        )
        torch.testing.assert_close(network(SHOWN, *numbers(*weights)), single(SHOWN), rtol=0, atol=2e-5)


def test_a_batch_may_have_a_style_for_each_picture() -> None:
    network = lively_network(2)
    pair = torch.cat([SHOWN, SHOWN])
    weights = [torch.tensor([a, b]).view(2, 1, 1, 1) for a, b in ((1.0, 0.0), (0.0, 1.0))]
    expected = torch.cat([network(SHOWN, *numbers(1, 0)), network(SHOWN, *numbers(0, 1))])
    torch.testing.assert_close(network(pair, *weights), expected, rtol=0, atol=1e-5)


def test_shares_are_finite_and_add_up_to_one() -> None:
    for weights in ((0, 0, 0), (1, 0, 0), (0.2, 0.7, 1), (0, 1e-9, 0)):
        shares = to_shares(numbers(*weights))
        assert float(sum(shares)) == pytest.approx(1)
        assert all(0 <= float(share) <= 1 for share in shares)


def test_the_norm_is_that_of_the_formula() -> None:
    torch.manual_seed(0)
    norm, image = StyleNorm(5, 1), 3 * torch.randn(2, 5, 6, 7) + 1
    with torch.no_grad():
        norm.scales[0].copy_(torch.arange(5.0))
        norm.shifts[0].fill_(0.5)
    mean, variance = image.mean((2, 3), keepdim=True), image.var((2, 3), keepdim=True, unbiased=False)
    expected = (image - mean) / (variance + EPSILON).sqrt() * torch.arange(5.0).view(1, 5, 1, 1) + 0.5
    torch.testing.assert_close(norm(image, ()), expected, rtol=1e-4, atol=1e-4)


def test_a_flat_picture_stays_flat() -> None:
    """Rounding must not grow to a pattern, which would differ from runtime to runtime."""
    for shade in (-1.0, 0.3, 1.0):
        assert lively_network(1)(torch.full((1, 3, 64, 64), shade)).std((2, 3)).max() < 1e-4
