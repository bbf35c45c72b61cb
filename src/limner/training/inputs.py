"""What the generator paints in a step: training pairs, and scenes, which have no target.

Scenes are what a camera shows and photos do not: walls, rooms, heads, hands.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from limner.data.augmentation import Batch, TrainingPair, make_pair
from limner.data.synthetic.scenes import draw_scenes
from limner.guide import GuideModule, SoftGuide, average_cells
from limner.recipe import Recipe
from limner.seeding import SCENES, derive_generator

SCENE_PIXELS = 64
"""Side at which scenes are drawn: the soft guide keeps far less of them."""

PICTURES_PER_SCENE = 4
"""Pairs for each scene of a step: the scenes cost a fifth of the generator's time."""


class StepInputs(NamedTuple):
    """Inputs of one step. Scenes are of no number where the recipe, or the guide, does not use them."""

    pair: TrainingPair
    scenes: Tensor
    """(N, 1, S, S): guides of scenes, -1..1."""
    scene_cells: Tensor
    """(N, 1, 32, 32): the light of the scenes, 0..1."""

    def all(self) -> Tensor:
        """The batch for the generator: pairs first."""
        return torch.cat([self.pair.input, self.scenes])


def make_inputs(batch: Batch, guide: GuideModule, recipe: Recipe, step: int, rank: int = 0) -> StepInputs:
    """The inputs of a step from a batch that is on the guide's device.

    Scenes are a function of the recipe's seed, the step and the process alone: each process paints its own.
    """
    pair = make_pair(batch, guide, recipe.pixels)
    if not recipe.light or not isinstance(guide, SoftGuide) or batch.source is not None:
        return StepInputs(pair, pair.input[:0], pair.input[:0])
    generator = derive_generator(recipe.seed, SCENES, step, rank)
    count = max(1, len(pair.input) // PICTURES_PER_SCENE)
    cells = average_cells(draw_scenes(count, SCENE_PIXELS, generator).to(pair.input.device))
    return StepInputs(pair, 2 * guide.enlarge(cells, guide.side) - 1, cells)
