"""The PatchGAN discriminator (Isola et al. 2016): judges overlapping patches of 70 pixels.

It differs from pix2pix's in three ways. It sees the picture alone, without the guide: which picture belongs
to a guide is told by the losses that compare, and pictures of which only the guide is known can be judged
as well. It has spectral norm (Miyato et al. 2018) in place of batch norm, so that it learns steadily from
batches of 4 and no picture of a batch depends on another. Its fourth layer is as wide as its third: at 256
pixels that layer costs more than all others together.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from limner.recipe import Recipe


class PatchGAN(nn.Module):
    """(B, 3, P, P) to logits (B, 1, P/8 - 2, P/8 - 2): whether each patch is from a photo."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers = []
        channels = 3
        for factor, stride in ((1, 2), (2, 2), (4, 2), (4, 1)):
            layers.append(spectral_norm(nn.Conv2d(channels, width * factor, 4, stride, 1)))
            channels = width * factor
        self.layers = nn.ModuleList(layers)
        self.last = spectral_norm(nn.Conv2d(channels, 1, 4, 1, 1))

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits, and the features after each layer but the last."""
        features = []
        for layer in self.layers:
            picture = leaky_relu(layer(picture), 0.2)
            features.append(picture)
        logits: Tensor = self.last(picture)
        return logits, features


def make_discriminator(recipe: Recipe) -> PatchGAN:
    """The recipe's discriminator with torch's initial weights, whose size spectral norm replaces."""
    return PatchGAN(recipe.discriminator)
