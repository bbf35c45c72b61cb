"""Random batches of a few pairs, all in memory: what a step of a branch learns from.

Both pictures of a pair get the same crop and are mirrored together. What the look is shown gets a little
noise and other light, as keyframes do, while its painting stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from limner.branch_recipe import BranchRecipe
from limner.data.augmentation import crop_and_resize
from limner.data.few_pairs import FewPair
from limner.seeding import FEW_PAIRS, derive_generator
from limner.training.patches import disturb


class PairBatch(NamedTuple):
    """What one step learns from."""

    input: Tensor
    """(B, 3, P, P) in 0..1: what the look is shown, with noise and in other light."""
    target: Tensor
    """(B, 3, P, P) in 0..1."""


class PairSampler:
    """Draws the pairs of each step, which depend on the seed and the step alone."""

    def __init__(
        self, pairs: Sequence[FewPair], recipe: BranchRecipe, pixels: int, device: torch.device
    ) -> None:
        self.recipe = recipe
        self.pixels = pixels
        self.device = device
        self.inputs = [torch.tensor(pair.input) for pair in pairs]
        self.targets = [torch.tensor(pair.target) for pair in pairs]

    def at(self, step: int) -> PairBatch:
        """The batch of a step."""
        generator = derive_generator(self.recipe.seed, FEW_PAIRS, step)
        boxes = [self._box(generator) for _ in range(self.recipe.batch)]
        window = self._windows(boxes[0][3], generator)
        inputs, targets = (
            crop_and_resize(torch.stack([_cut(images, box) for box in boxes]), window, self.pixels)
            for images in (self.inputs, self.targets)
        )
        inputs = disturb(inputs, generator, noise=self.recipe.noise, light=self.recipe.light)
        shown, wanted = (
            images.to(self.device).contiguous(memory_format=torch.channels_last)
            for images in (inputs, targets)
        )
        return PairBatch(shown, wanted)

    def _box(self, generator: torch.Generator) -> tuple[int, int, int, int]:
        """A pair, and the top, the left and the side of the largest square at a random place of it."""
        which = int(torch.randint(len(self.targets), (), generator=generator))
        height, width, _ = self.targets[which].shape
        side = min(height, width)
        top, left = (
            int(torch.randint(length - side + 1, (), generator=generator)) for length in (height, width)
        )
        return which, top, left, side

    def _windows(self, side: int, generator: torch.Generator) -> Tensor:
        """Parts of squares of `side` pixels, (4, B), as in `limner.data.augmentation.Batch.window`."""
        recipe = self.recipe
        scale, down, across, mirror = torch.rand(4, recipe.batch, generator=generator)
        sides = side / (1 + (recipe.scale - 1) * scale)
        mirrored = torch.where(mirror < (0.5 if recipe.flip else 0.0), -1.0, 1.0)
        return torch.stack([down * (side - sides), across * (side - sides), sides, mirrored])


def _cut(images: Sequence[Tensor], box: tuple[int, int, int, int]) -> Tensor:
    which, top, left, side = box
    return images[which][top : top + side, left : left + side]
