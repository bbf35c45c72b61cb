"""The baselines of the training benchmark: training steps as they are commonly written.

They follow the well-known PyTorch implementations. Worker processes of a `DataLoader` open the files, and
Pillow decodes, resizes, crops and mirrors every picture. They make the guide of one picture at a time.
Memory format and Adam are torch's defaults. Doubling layers are written as they are defined. The
discriminator is not frozen during the generator's step, and the losses are read after every step. The
comparison is fair: the generator runs only once in a step.
"""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

from limner.data.synthetic.scenes import draw_scenes
from limner.guide import SoftGuide, average_cells, make_guide
from limner.networks.compact_unet import DoublingConv
from limner.networks.features import load_squeezenet
from limner.networks.generator import make_generator
from limner.networks.patchgan import make_discriminator
from limner.networks.unet import replace_layers
from limner.recipe import Recipe
from limner.training.inputs import PICTURES_PER_SCENE, SCENE_PIXELS
from limner.training.losses import (
    adversarial_loss,
    fake_loss,
    feature_matching,
    light_loss,
    low_frequency_l1,
    perceptual_loss,
    real_loss,
    take_view,
)
from limner.training.state import BETA2

WORKERS = min(4, os.cpu_count() or 1)
"""Worker processes that prepare pictures: the well-known implementation has 4, and torch warns where there
are fewer cores."""

ENDLESS = 2**31
"""Pictures of an epoch: a benchmark has no end of an epoch, where workers would wait."""


class PictureFiles(Dataset[tuple[Tensor, Tensor]]):
    """Picture files as training pairs, -1..1: the guide (1, S, S), and the picture (3, P, P).

    Random numbers are of Python's module, which torch seeds in every worker.
    """

    def __init__(self, files: Sequence[Path], recipe: Recipe) -> None:
        self._files, self._recipe = files, recipe
        self._guide = SoftGuide(recipe.pixels, side=recipe.guide_side)

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
        if self._recipe.flip and random.random() < 0.5:
            picture = ImageOps.mirror(picture)
        target = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
        return self._make_guide(target), target * 2 - 1

    def _make_guide(self, target: Tensor) -> Tensor:
        contrast = torch.tensor(1 + random.uniform(-1, 1) * self._recipe.contrast)
        brightness = torch.tensor(random.uniform(-1, 1) * self._recipe.brightness)
        guide: Tensor = self._guide(target[None], brightness, contrast, torch.zeros(()))
        return 2 * guide[0] - 1


class PlainTrainer:
    """Runs limner's training step in its plain form on picture files.

    The step has limner's networks, losses, scenes and moving average, but no webcam's faults in guides.
    Its workers end when it is no longer used.
    """

    def __init__(self, files: Sequence[Path], recipe: Recipe, device: torch.device) -> None:
        self._recipe, self._device = recipe, device
        self.generator = make_generator(recipe).to(device)
        replace_layers(self.generator, _as_defined)
        self.discriminator = make_discriminator(recipe).to(device)
        self._average = copy.deepcopy(self.generator)
        self._features = load_squeezenet().to(device)
        self._guide = make_guide(recipe.guide, recipe.pixels, side=recipe.guide_side).to(device)
        self._generator_optimizer = make_adam(self.generator, recipe)
        self._discriminator_optimizer = make_adam(self.discriminator, recipe)
        self._batches = load_batches(files, recipe, device)
        self._generator = torch.Generator().manual_seed(0)

    def train_step(self) -> tuple[float, float]:
        """Train on one batch; returns the losses of the generator and the discriminator."""
        recipe = self._recipe
        guide, target = (batch.to(self._device, non_blocking=True) for batch in next(self._batches))
        scenes, cells = self._draw_scenes(max(1, len(guide) // PICTURES_PER_SCENE))
        painted = self.generator(torch.cat([guide, scenes]))
        painting = painted[: len(guide)]
        fake_logits, fake_features = self.discriminator(painted)
        _, real_features = self.discriminator(target)
        view, target_view = take_view(torch.cat([painting, target])).chunk(2)
        generator_loss = (
            torch.stack([adversarial_loss(part) for part in fake_logits.tensor_split([len(guide)])]).sum()
            + recipe.feature_matching
            * feature_matching([maps[: len(guide)] for maps in fake_features], real_features)
            + recipe.perceptual * perceptual_loss(self._features, view, target_view)
            + recipe.low_l1 * low_frequency_l1(painting, target)
            + recipe.l1 * (painting - target).abs().mean()
            + recipe.light * light_loss(painted[len(guide) :], cells)
        )
        self._generator_optimizer.zero_grad()
        generator_loss.backward()
        self._generator_optimizer.step()
        fakes = self.discriminator(painted.detach())[0].tensor_split([len(guide)])
        discriminator_loss = (
            real_loss(self.discriminator(target)[0])
            + torch.stack([fake_loss(part) for part in fakes]).mean()
        )
        self._discriminator_optimizer.zero_grad()
        discriminator_loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimizer.step()
        with torch.no_grad():
            for mean, weight in zip(self._average.parameters(), self.generator.parameters(), strict=True):
                mean.mul_(recipe.average).add_(weight, alpha=1 - recipe.average)
        return generator_loss.item(), discriminator_loss.item()

    def _draw_scenes(self, count: int) -> tuple[Tensor, Tensor]:
        """Guides of scenes (N, 1, P, P) in -1..1, and their light in coarse cells."""
        cells = average_cells(draw_scenes(count, SCENE_PIXELS, self._generator)).to(self._device)
        assert isinstance(self._guide, SoftGuide)
        return 2 * self._guide.enlarge(cells, self._guide.side) - 1, cells


def _as_defined(layer: nn.Module) -> nn.Module:
    return layer.to_nearest() if isinstance(layer, DoublingConv) else layer


def load_batches(files: Sequence[Path], recipe: Recipe, device: torch.device) -> Iterator[list[Tensor]]:
    """Endless batches of `PictureFiles` from worker processes."""
    pairs = PictureFiles(files, recipe)
    loader = DataLoader(
        pairs,
        batch_size=recipe.batch,
        sampler=RandomSampler(pairs, replacement=True, num_samples=ENDLESS),
        num_workers=WORKERS,
        pin_memory=device.type == "cuda",
    )
    return iter(loader)


def make_adam(network: nn.Module, recipe: Recipe) -> torch.optim.Adam:
    """torch's plain Adam."""
    return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(recipe.beta1, BETA2))
