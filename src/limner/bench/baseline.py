"""The baseline of the training benchmark: a pix2pix training step as it is commonly written.

It has the same losses and optimiser as limner, and follows the well-known PyTorch implementations. Worker
processes of a `DataLoader` open the files, and Pillow decodes, resizes, crops and mirrors every picture.
`interpolate` makes the guide for one picture at a time. Memory format and Adam are torch's defaults. The
discriminator is not frozen during the generator's step, and the losses are read after every step. The
comparison is fair: the generator runs only once in a step.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate
from torch.utils.data import DataLoader, Dataset, RandomSampler

from limner.networks.patchgan import make_discriminator
from limner.networks.unet import make_generator
from limner.recipe import Recipe

WORKERS = min(4, os.cpu_count() or 1)
"""Worker processes that prepare pictures: the well-known implementation has 4, and torch warns where there
are fewer cores."""

ENDLESS = 2**31
"""Pictures of an epoch: a benchmark has no end of an epoch, where workers would wait."""


def published_recipe(recipe: Recipe) -> Recipe:
    """`recipe` with the networks of the pix2pix paper: a generator of 54 M parameters with transposed
    convolutions, and a 64-wide PatchGAN."""
    return replace(recipe, size="large", upsampling="transposed", discriminator=64)


class PictureFiles(Dataset[tuple[Tensor, Tensor]]):
    """Picture files as training pairs (C, P, P), -1..1: the guide, and the picture.

    Random numbers are of Python's module, which torch seeds in every worker.
    """

    def __init__(self, files: Sequence[Path], recipe: Recipe) -> None:
        self._files, self._recipe = files, recipe

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        pixels = self._recipe.pixels
        with Image.open(self._files[index]) as file:
            picture = file.convert("RGB")
        short = round(pixels * random.uniform(1.0, self._recipe.scale))
        scale = short / min(picture.size)
        size = (max(round(picture.width * scale), pixels), max(round(picture.height * scale), pixels))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
        left, top = random.randint(0, size[0] - pixels), random.randint(0, size[1] - pixels)
        picture = picture.crop((left, top, left + pixels, top + pixels))
        if random.random() < 0.5:
            picture = ImageOps.mirror(picture)
        target = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        return self._make_guide(target), target * 2 - 1

    def _make_guide(self, target: Tensor) -> Tensor:
        grey = (0.299 * target[0] + 0.587 * target[1] + 0.114 * target[2])[None, None]
        coarse = interpolate(grey, (11, 11), mode="area")
        soft = interpolate(coarse, target.shape[1:], mode="bicubic")
        contrast = 1 + random.uniform(-1, 1) * self._recipe.contrast
        brightness = random.uniform(-1, 1) * self._recipe.brightness
        return (contrast * (soft - 0.5) + 0.5 + brightness).clamp(0, 1)[0] * 2 - 1


class BaselineTrainer:
    """Runs the baseline training step on picture files. Its workers end when it is no longer used."""

    def __init__(
        self, files: Sequence[Path], recipe: Recipe, device: torch.device, *, workers: int = WORKERS
    ) -> None:
        self._recipe, self._device = recipe, device
        self.generator = make_generator(recipe).to(device)
        self.discriminator = make_discriminator(recipe).to(device)
        self._generator_optimizer = self._make_optimizer(self.generator)
        self._discriminator_optimizer = self._make_optimizer(self.discriminator)
        pairs = PictureFiles(files, recipe)
        loader = DataLoader(
            pairs,
            batch_size=recipe.batch,
            sampler=RandomSampler(pairs, replacement=True, num_samples=ENDLESS),
            num_workers=workers,
            pin_memory=device.type == "cuda",
        )
        self._batches: Iterator[list[Tensor]] = iter(loader)

    def _make_optimizer(self, network: nn.Module) -> torch.optim.Adam:
        recipe = self._recipe
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(recipe.beta1, 0.999))

    def train_step(self) -> tuple[float, float]:
        """Train on one batch; returns the losses of the generator and the discriminator."""
        guide, target = (batch.to(self._device, non_blocking=True) for batch in next(self._batches))
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
