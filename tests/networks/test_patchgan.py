"""The discriminator judges patches of 70 pixels and follows the recipe."""

from __future__ import annotations

import torch
from torch import nn

from limner.networks.patchgan import PatchGAN, make_discriminator
from limner.recipe import Recipe


def test_the_receptive_field_is_70_pixels() -> None:
    network = PatchGAN(4, 8).eval()
    guide = torch.zeros(1, 1, 128, 128)
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    logits = network(guide, picture)
    assert logits.shape == (1, 1, 14, 14)
    logits[0, 0, 7, 7].backward()
    assert picture.grad is not None
    receptive_field = picture.grad[0].abs().sum(0).nonzero()
    assert (receptive_field.max(0).values - receptive_field.min(0).values + 1).tolist() == [70, 70]


def test_the_discriminator_follows_the_recipe() -> None:
    recipe = Recipe(guide="colour", discriminator=8)
    first = next(m for m in make_discriminator(recipe).modules() if isinstance(m, nn.Conv2d))
    assert first.weight.shape == (8, 6, 4, 4)
