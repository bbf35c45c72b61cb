"""The discriminator judges patches of 70 pixels of a picture, and follows the recipe."""

from __future__ import annotations

import torch
from torch import nn

from limner.networks.patchgan import PatchGAN, make_discriminator
from limner.recipe import Recipe


def test_the_receptive_field_is_70_pixels() -> None:
    network = PatchGAN(8).eval()
    picture = torch.rand(1, 3, 128, 128, requires_grad=True)
    logits, _ = network(picture)
    assert logits.shape == (1, 1, 14, 14)
    logits[0, 0, 7, 7].backward()
    assert picture.grad is not None
    receptive_field = picture.grad[0].abs().sum(0).nonzero()
    assert (receptive_field.max(0).values - receptive_field.min(0).values + 1).tolist() == [70, 70]


def test_the_features_are_those_of_every_layer_but_the_last() -> None:
    _, features = PatchGAN(8)(torch.rand(2, 3, 64, 64))
    assert [tuple(maps.shape[1:]) for maps in features] == [
        (8, 32, 32),
        (16, 16, 16),
        (32, 8, 8),
        (32, 7, 7),
    ]


def test_pictures_of_a_batch_are_judged_alone() -> None:
    network = PatchGAN(8).eval()
    pictures = torch.rand(3, 3, 64, 64)
    torch.testing.assert_close(network(pictures)[0][1:2], network(pictures[1:2])[0])


def test_spectral_norm_bounds_every_layer() -> None:
    network = PatchGAN(8)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.parametrizations.weight.original.mul_(100)  # type: ignore[operator, union-attr]
        for _ in range(50):  # each step of training improves the estimate
            network(torch.rand(1, 3, 64, 64))
        for layer in network.eval().modules():
            if isinstance(layer, nn.Conv2d):
                assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2) < 1.02


def test_the_discriminator_follows_the_recipe() -> None:
    layers = make_discriminator(Recipe(guide="colour", discriminator=8)).layers
    assert layers[0].weight.shape == (8, 3, 4, 4)
