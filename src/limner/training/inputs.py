"""What the generator paints in a step: pairs, and inputs that have no target.

Scenes are what a camera shows and photos do not. The first pair is also painted with the camera moved by a
few pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from limner.data.augmentation import Batch, TrainingPair, make_pair
from limner.data.synthetic.scenes import draw_scenes
from limner.guide import GuideModule, SoftGuide, average_cells
from limner.recipe import Recipe
from limner.seeding import MOTION, SCENES, derive_generator

MAX_MOTION = 4
"""Most pixels by which the camera moves, along each axis."""

SCENE_PIXELS = 64
"""Side at which scenes are drawn: the soft guide keeps far less of them."""

PICTURES_PER_SCENE = 4
"""Pairs for each scene of a step: the scenes cost a fifth of the generator's time."""


class Paintings(NamedTuple):
    """Parts of what the generator painted, in -1..1; their order is that of `StepInputs`."""

    pairs: Tensor
    scenes: Tensor
    moved: Tensor


class StepInputs(NamedTuple):
    """Inputs of one step, -1..1. Those without a target are empty where the recipe does not use them."""

    pair: TrainingPair
    scenes: Tensor
    """(N, 1, S, S): guides of scenes."""
    scene_cells: Tensor
    """(N, 1, 32, 32): the light of the scenes, 0..1."""
    moved: Tensor
    """(M, C, S, S): the guide of the first pair with the camera moved; M is 0 or 1."""
    motion: tuple[int, int]
    """Pixels by which the camera moved, down and to the right."""

    def all(self) -> Tensor:
        """The batch for the generator."""
        return torch.cat([self.pair.input, self.scenes, self.moved])

    def split(self, painted: Tensor) -> Paintings:
        """The paintings of `all`, taken apart."""
        sizes = [len(self.pair.input), len(self.scenes), len(self.moved)]
        return Paintings(*torch.split(painted, sizes))


def make_inputs(batch: Batch, guide: GuideModule, recipe: Recipe, step: int, rank: int = 0) -> StepInputs:
    """The inputs of a step from a batch that is on the guide's device.

    What is drawn here is a function of the recipe's seed, the step and the process alone.
    """
    pair = make_pair(batch, guide, recipe.pixels)
    scenes = cells = moved = pair.input[:0]
    motion = (0, 0)
    if recipe.light and isinstance(guide, SoftGuide) and batch.source is None:
        generator = derive_generator(recipe.seed, SCENES, step, rank)
        count = max(1, len(pair.input) // PICTURES_PER_SCENE)
        cells = average_cells(draw_scenes(count, SCENE_PIXELS, generator).to(pair.input.device))
        scenes = 2 * guide.enlarge(cells, guide.side) - 1
    if recipe.motion:
        generator = derive_generator(recipe.seed, MOTION, step, rank)
        down, right = torch.randint(-MAX_MOTION, MAX_MOTION + 1, (2,), generator=generator).tolist()
        motion = (down, right)
        moved = make_pair(batch.first().move(down, right, recipe.pixels), guide, recipe.pixels).input
    return StepInputs(pair, scenes, cells, moved, motion)
