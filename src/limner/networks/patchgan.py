"""The PatchGAN discriminator (Isola et al. 2016): judges overlapping patches of 70 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.networks.unet import batch_norm, init_weights
from limner.recipe import Recipe


class PatchGAN(nn.Module):
    """(B, guide + 3, P, P) to logits (B, 1, P/8 - 2, P/8 - 2): whether each patch is from a photo."""

    def __init__(self, channels_in: int, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels_in, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        source = width
        for factor, stride in ((2, 2), (4, 2), (8, 1)):
            target = width * factor
            layers += [
                nn.Conv2d(source, target, 4, stride, 1, bias=False),
                batch_norm(target),
                nn.LeakyReLU(0.2),
            ]
            source = target
        layers.append(nn.Conv2d(source, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, guide: Tensor, picture: Tensor) -> Tensor:
        logits: Tensor = self.layers(torch.cat([guide, picture], dim=1))
        return logits


def make_discriminator(recipe: Recipe) -> PatchGAN:
    """The recipe's discriminator with pix2pix's initial weights."""
    network = PatchGAN(recipe.guide_channels + 3, recipe.discriminator)
    network.apply(init_weights)
    return network
