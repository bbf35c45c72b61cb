"""A step of pix2pix as it is commonly written: what our step is measured against.

The same networks, losses, optimiser and recipe, in the manner of the well-known PyTorch implementations:
files are opened for each batch, every picture is resized, cropped and mirrored by Pillow and turned into
a tensor of its own; the guide is made picture by picture with `interpolate`; memory is laid out as torch
does by default, Adam is the default one, the discriminator is not frozen while the generator learns, and
the losses are read after every step. It is no straw man: the generator paints once in a step.
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

from limner.networks.patchgan import make_discriminator
from limner.networks.unet import make_generator
from limner.recipe import Recipe


class BaselineTrainer:
    """The plain step on picture files."""

    def __init__(self, files: Sequence[Path], recipe: Recipe, device: torch.device) -> None:
        self._files, self._recipe, self._device = files, recipe, device
        self._chance = random.Random(0)
        self.generator = make_generator(recipe).to(device)
        self.discriminator = make_discriminator(recipe).to(device)
        self._generator_adam = self._adam(self.generator)
        self._discriminator_adam = self._adam(self.discriminator)

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        recipe = self._recipe
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(recipe.beta1, 0.999))

    def step(self) -> tuple[float, float]:
        """Learn from a batch; the losses of the generator and the discriminator."""
        pairs = [self._pair(self._chance.choice(self._files)) for _ in range(self._recipe.batch)]
        shown = torch.stack([pair[0] for pair in pairs]).to(self._device)
        target = torch.stack([pair[1] for pair in pairs]).to(self._device)
        painting = self.generator(shown)
        judged = self.discriminator(shown, painting)
        difference = (painting - target).abs().mean()
        generator_loss = self._loss(judged, 1.0) + self._recipe.l1 * difference
        self._generator_adam.zero_grad()
        generator_loss.backward()
        self._generator_adam.step()
        real = self._loss(self.discriminator(shown, target), 1.0)
        fake = self._loss(self.discriminator(shown, painting.detach()), 0.0)
        discriminator_loss = (real + fake) / 2
        self._discriminator_adam.zero_grad()
        discriminator_loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_adam.step()
        return generator_loss.item(), discriminator_loss.item()

    def _loss(self, logits: Tensor, truth: float) -> Tensor:
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))

    def _pair(self, path: Path) -> tuple[Tensor, Tensor]:
        pixels, chance = self._recipe.pixels, self._chance
        with Image.open(path) as file:
            picture = file.convert("RGB")
        short = round(pixels * chance.uniform(1.0, self._recipe.scale))
        scale = short / min(picture.size)
        size = (max(round(picture.width * scale), pixels), max(round(picture.height * scale), pixels))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        left, top = chance.randint(0, size[0] - pixels), chance.randint(0, size[1] - pixels)
        picture = picture.crop((left, top, left + pixels, top + pixels))
        if chance.random() < 0.5:
            picture = ImageOps.mirror(picture)
        target = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        return self._guide(target), target * 2 - 1

    def _guide(self, target: Tensor) -> Tensor:
        grey = (0.299 * target[0] + 0.587 * target[1] + 0.114 * target[2])[None, None]
        coarse = interpolate(grey, (11, 11), mode="area")
        soft = interpolate(coarse, target.shape[1:], mode="bicubic")
        contrast = 1 + self._chance.uniform(-1, 1) * self._recipe.contrast
        brightness = self._chance.uniform(-1, 1) * self._recipe.brightness
        return (contrast * (soft - 0.5) + 0.5 + brightness).clamp(0, 1)[0] * 2 - 1
