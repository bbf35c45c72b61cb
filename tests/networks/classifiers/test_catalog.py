"""Every classifier has the parameters and multiply-adds that its module tells."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from limner.networks.classifiers.catalog import CLASSIFIERS, REGRESSIONS
from limner.networks.classifiers.counts import count_multiply_adds, count_parameters

FORMS = ((1, 28), (3, 32))


def told(network: nn.Module) -> str:
    return " ".join((sys.modules[type(network).__module__].__doc__ or "").split())


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_docstring_tells_the_counts(name: str) -> None:
    texts = []
    for channels, pixels in FORMS:
        network = CLASSIFIERS[name](channels, pixels)
        example = torch.zeros(1, channels, pixels, pixels)
        texts.append(
            f"{count_parameters(network):,} parameters, {count_multiply_adds(network, example):,} "
            f"multiply-adds for {pixels}x{pixels}x{channels}"
        )
    assert f"- {name}: {'; '.join(texts)}" in told(network)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_scores_and_gradients_are_finite(name: str) -> None:
    torch.manual_seed(0)
    for channels, pixels in FORMS:
        network = CLASSIFIERS[name](channels, pixels)
        scores = network(torch.rand(2, channels, pixels, pixels))
        assert scores.shape == (2, 10)
        learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
        loss = nn.functional.cross_entropy(scores, torch.tensor([3, 7]))
        assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(loss, learned))


@pytest.mark.parametrize(
    ("name", "published"),
    [("lenet", 62_006), ("resnet20", 269_722), ("mobilenetv2", 2_236_682)],
)
def test_parameters_for_cifar_are_the_published_ones(name: str, published: int) -> None:
    assert count_parameters(CLASSIFIERS[name](3, 32)) == published


def test_multiply_adds_equal_a_count_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), nn.Flatten(), nn.Linear(96, 5)
    )
    assert count_multiply_adds(network, torch.zeros(1, 4, 8, 8)) == 6 * 16 * 2 * 9 + 96 * 5


def test_networks_of_one_number_have_the_codelab_s_parameters() -> None:
    counts = {name: count_parameters(make()) for name, make in REGRESSIONS.items()}
    assert counts == {"line": 4, "curve": 153}
    assert all(make()(torch.zeros(7, 1)).shape == (7, 1) for make in REGRESSIONS.values())
