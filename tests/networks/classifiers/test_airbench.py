"""The whitening layer whitens: patches of natural statistics come out uncorrelated, with variance 1."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d

from limner.networks.classifiers.airbench import Airbench


def test_filters_whiten_patches() -> None:
    noise = torch.randn(64, 3, 34, 34, generator=torch.Generator().manual_seed(0))
    pictures = 10 * avg_pool2d(noise, 3, stride=1)  # neighbours are correlated, as in photos
    network = Airbench(3, part=4)
    network.adapt(pictures)
    with torch.no_grad():
        maps = network.whitening(pictures)[:, :12].transpose(0, 1).reshape(12, -1)
    second_moments = maps @ maps.T / maps.shape[1]
    assert torch.allclose(second_moments, torch.eye(12), atol=1e-3)


def test_every_filter_has_its_negative_and_none_is_learned() -> None:
    network = Airbench(1, part=4)
    network.adapt(torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    filters = network.whitening.weight
    assert filters.shape[0] == 8
    assert torch.equal(filters[:4], -filters[4:])
    assert not filters.requires_grad
