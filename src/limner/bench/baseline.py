"""The baseline of the training benchmark: a pix2pix training step as it is commonly written.

It has the same networks, losses, optimiser and recipe as limner, and follows the well-known PyTorch
implementations. It opens the files for each batch. Pillow resizes, crops and mirrors every picture, and
each becomes a separate tensor. `interpolate` makes the guide for one picture at a time. Memory format and
Adam are torch's defaults. The discriminator is not frozen during the generator's step, and the losses are
read after every step. The comparison is fair: the generator runs only once in a step.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from limner.networks.generator import make_generator
from limner.networks.patchgan import make_discriminator
from limner.recipe import Recipe


class BaselineTrainer:
    """Runs the baseline training step on picture files."""

    def __init__(self, files: Sequence[Path], recipe: Recipe, device: torch.device) -> None:
        self._files, self._recipe, self._device = files, recipe, device
        self._rng = random.Random(0)
        self.generator = make_generator(recipe).to(device)
        self.discriminator = make_discriminator(recipe).to(device)
        self._generator_optimizer = self._make_optimizer(self.generator)
        self._discriminator_optimizer = self._make_optimizer(self.discriminator)

    def _make_optimizer(self, network: nn.Module) -> torch.optim.Adam:
        recipe = self._recipe
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(recipe.beta1, 0.999))

    def train_step(self) -> tuple[float, float]:
        """Train on one batch; returns the losses of the generator and the discriminator."""
        pairs = [self._pair(self._rng.choice(self._files)) for _ in range(self._recipe.batch)]
        guide = torch.stack([pair[0] for pair in pairs]).to(self._device)
        target = torch.stack([pair[1] for pair in pairs]).to(self._device)
        painting = self.generator(guide)
        fake_logits = self.discriminator(guide, painting)
        difference = (painting - target).abs().mean()
        generator_loss = self._loss(fake_logits, 1.0) + self._recipe.l1 * difference
        self._generator_optimizer.zero_grad()
        generator_loss.backward()
        self._generator_optimizer.step()
        real = self._loss(self.discriminator(guide, target), 1.0)
        fake = self._loss(self.discriminator(guide, painting.detach()), 0.0)
        discriminator_loss = (real + fake) / 2
        self._discriminator_optimizer.zero_grad()
        discriminator_loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        return generator_loss.item(), discriminator_loss.item()

    def _loss(self, logits: Tensor, truth: float) -> Tensor:
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))

    def _pair(self, path: Path) -> tuple[Tensor, Tensor]:
        pixels, rng = self._recipe.pixels, self._rng
        with Image.open(path) as file:
            picture = file.convert("RGB")
        short = round(pixels * rng.uniform(1.0, self._recipe.scale))
        scale = short / min(picture.size)
        size = (max(round(picture.width * scale), pixels), max(round(picture.height * scale), pixels))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        left, top = rng.randint(0, size[0] - pixels), rng.randint(0, size[1] - pixels)
        picture = picture.crop((left, top, left + pixels, top + pixels))
        if rng.random() < 0.5:
            picture = ImageOps.mirror(picture)
        target = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        return self._make_guide(target), target * 2 - 1

    def _make_guide(self, target: Tensor) -> Tensor:
        grey = (0.299 * target[0] + 0.587 * target[1] + 0.114 * target[2])[None, None]
        coarse = interpolate(grey, (11, 11), mode="area")
        soft = interpolate(coarse, target.shape[1:], mode="bicubic")
        contrast = 1 + self._rng.uniform(-1, 1) * self._recipe.contrast
        brightness = self._rng.uniform(-1, 1) * self._recipe.brightness
        return (contrast * (soft - 0.5) + 0.5 + brightness).clamp(0, 1)[0] * 2 - 1
