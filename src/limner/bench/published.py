"""pix2pix as published (Isola et al. 2016): what limner's training step is measured against.

The generator has 54 million parameters and transposed convolutions. The discriminator sees the guide and
the picture, has batch norm, and 2.8 million parameters. The step is written as in `limner.bench.baseline`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from limner.bench.baseline import load_batches, make_adam
from limner.networks.generator import make_generator
from limner.networks.unet import batch_norm, init_weights
from limner.recipe import Recipe

L1 = 100.0
"""The paper's lambda."""


class PublishedTrainer:
    """Runs pix2pix's training step on picture files. Its workers end when it is no longer used."""

    def __init__(self, files: Sequence[Path], recipe: Recipe, device: torch.device) -> None:
        """Pictures, batch and guide are those of `recipe`."""
        published = replace(recipe, size="large", upsampling="transposed", learning_rate=2e-4)
        self._device = device
        self.generator = make_generator(published).to(device)
        self.discriminator = make_patchgan(recipe.guide_channels + 3).apply(init_weights).to(device)
        self._generator_optimizer = make_adam(self.generator, published)
        self._discriminator_optimizer = make_adam(self.discriminator, published)
        self._batches = load_batches(files, published, device)

    def train_step(self) -> tuple[float, float]:
        """Train on one batch; returns the losses of the generator and the discriminator."""
        guide, target = (batch.to(self._device, non_blocking=True) for batch in next(self._batches))
        painting = self.generator(guide)
        generator_loss = self._judge(guide, painting, 1.0) + L1 * (painting - target).abs().mean()
        self._generator_optimizer.zero_grad()
        generator_loss.backward()
        self._generator_optimizer.step()
        real, fake = self._judge(guide, target, 1.0), self._judge(guide, painting.detach(), 0.0)
        discriminator_loss = (real + fake) / 2
        self._discriminator_optimizer.zero_grad()
        discriminator_loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        return generator_loss.item(), discriminator_loss.item()

    def _judge(self, guide: Tensor, picture: Tensor, truth: float) -> Tensor:
        logits = self.discriminator(torch.cat([guide, picture], dim=1))
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


def make_patchgan(channels_in: int, width: int = 64) -> nn.Sequential:
    """The paper's discriminator for patches of 70 pixels: (B, C, P, P) to logits."""
    layers: list[nn.Module] = [nn.Conv2d(channels_in, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    source = width
    for factor, stride in ((2, 2), (4, 2), (8, 1)):
        target = width * factor
        conv = nn.Conv2d(source, target, 4, stride, 1, bias=False)
        layers += [conv, batch_norm(target), nn.LeakyReLU(0.2)]
        source = target
    return nn.Sequential(*layers, nn.Conv2d(source, 1, 4, 1, 1))
