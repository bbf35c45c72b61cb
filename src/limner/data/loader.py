"""Batches of pictures, each a pure function of the recipe and the place in the run.

An epoch meets every picture once, in an order drawn for that epoch. Where the pictures do not fill the
last batch it is filled up with the epoch's first ones: every step sees as many pictures as the others,
and batch norm never a single one. Fewer pictures than a batch are met several times in it.

Pictures lie decoded in a memory map, so that a batch is a few copies of rows: no worker processes. For a
GPU one thread prepares the next batch meanwhile, in page-locked memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from limner.data.augmentation import AugmentationParams, Batch, identity_params, sample_params
from limner.data.store import ImageStore
from limner.recipe import Recipe
from limner.seeding import AUGMENTATION, SHUFFLE, derive_generator


@dataclass(frozen=True)
class Position:
    """How far a run has come."""

    step: int = 0
    """Steps made."""
    epoch: int = 0
    """Epochs finished."""
    epoch_step: int = 0
    """Steps made of the epoch under way."""

    def next(self, steps_per_epoch: int) -> Position:
        """The place one step later."""
        if self.epoch_step + 1 >= steps_per_epoch:
            return Position(self.step + 1, self.epoch + 1)
        return Position(self.step + 1, self.epoch, self.epoch_step + 1)


class BatchLoader:
    """The batches of one process: its share of each global batch of `recipe.batch` pictures."""

    def __init__(
        self,
        pictures: ImageStore,
        recipe: Recipe,
        device: torch.device,
        *,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.steps_per_epoch = -(-len(pictures.training) // recipe.batch)
        self._pictures = pictures
        self._recipe = recipe
        self._device = device
        self._share = slice(rank * recipe.batch // world, (rank + 1) * recipe.batch // world)

    def stream(self, position: Position) -> Iterator[Batch]:
        """Batches on the device from `position` on, without end."""
        if self._device.type != "cuda":
            while True:
                yield self.at(position).to(self._device)
                position = position.next(self.steps_per_epoch)
        with ThreadPoolExecutor(1, "limner-batches") as thread:
            coming = thread.submit(self._load_pinned, position)
            while True:
                batch = coming.result()
                position = position.next(self.steps_per_epoch)
                coming = thread.submit(self._load_pinned, position)
                yield batch.to(self._device)

    def _load_pinned(self, position: Position) -> Batch:
        return self.at(position).pin_memory()

    def at(self, position: Position) -> Batch:
        """The batch of a place, on the CPU."""
        recipe, training = self._recipe, self._pictures.training
        order = torch.randperm(
            len(training), generator=derive_generator(recipe.seed, SHUFFLE, position.epoch)
        )
        first = position.epoch_step * recipe.batch
        met = [
            training[order[(first + i) % len(training)]] for i in range(self._share.start, self._share.stop)
        ]
        # Drawn for the global batch: two processes train on what one would.
        drawn = sample_params(
            recipe, recipe.batch, derive_generator(recipe.seed, AUGMENTATION, position.step)
        )
        return load_batch(self._pictures, met, drawn.slice(self._share.start, self._share.stop))


def center_batch(pictures: ImageStore, indices: Sequence[int]) -> Batch:
    """The middles of pictures, without anything random, on the CPU."""
    return load_batch(pictures, indices, identity_params(len(indices)))


def load_batch(pictures: ImageStore, indices: Sequence[int], params: AugmentationParams) -> Batch:
    """Copy the boxes that hold the pictures' windows out of the memory map."""
    side = pictures.short_side
    boxes = np.empty((2 if pictures.is_paired() else 1, len(indices), side, side, 3), np.uint8)
    window = torch.empty(4, len(indices))
    for row_index, index in enumerate(indices):
        picture = pictures.image(index)
        height, width = picture.shape[:2]
        cut = side / float(params.scale[row_index])
        top, left = (
            float(params.down[row_index]) * (height - cut),
            float(params.across[row_index]) * (width - cut),
        )
        row, column = min(int(top), height - side), min(int(left), width - side)
        boxes[0, row_index] = picture[row : row + side, column : column + side]
        if pictures.is_paired():
            partner = pictures.input_image(index)
            boxes[1, row_index] = partner[row : row + side, column : column + side]
        # A window as large as its box has no room for the fraction of a pixel: it is moved by it.
        inside = [min(top - row, side - cut), min(left - column, side - cut)]
        window[:, row_index] = torch.tensor([*inside, cut, float(params.mirror[row_index])])
    return Batch(
        target=torch.from_numpy(boxes[0]),
        source=torch.from_numpy(boxes[1]) if pictures.is_paired() else None,
        window=window,
        guide_params=torch.stack([params.brightness, params.contrast]),
    )
