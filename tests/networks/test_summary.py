"""Parameters and multiply-adds equal the papers' figures and a count by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.networks.summary import count_parameters, summarize_layers
from limner.networks.unet import UNet, filters
from limner.recipe import Size


@pytest.mark.parametrize(
    ("size", "expected"),
    [("small", 6_297_491), ("medium", 16_786_211), ("large", 54_423_811)],
)
def test_parameters_equal_the_paper_s(size: Size, expected: int) -> None:
    network = UNet(filters(size, 256), channels_in=1, upsampling="transposed")
    assert count_parameters(network) == expected


def test_multiply_adds_equal_a_count_by_hand() -> None:
    layers = summarize_layers(
        nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.ConvTranspose2d(8, 2, 4, 2, 1)),
        torch.zeros(1, 3, 16, 16),
    )
    conv, transposed = layers
    assert (conv.shape, conv.multiply_adds) == ((8, 8, 8), 8 * 8 * 8 * 3 * 16)
    assert (transposed.shape, transposed.multiply_adds) == ((2, 16, 16), 8 * 8 * 8 * 2 * 16)
    assert transposed.zero_stuffed == 4 * transposed.multiply_adds
    assert (conv.parameters, transposed.parameters) == (3 * 8 * 16 + 8, 8 * 2 * 16 + 2)
