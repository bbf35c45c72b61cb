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

from limner.data.augmentation import Batch, Draw, draw, unchanged
from limner.data.store import Pictures
from limner.recipe import Recipe
from limner.seeding import AUGMENTATION, SHUFFLE, derive_generator


@dataclass(frozen=True)
class Place:
    """How far a run has come."""

    step: int = 0
    """Steps made."""
    epoch: int = 0
    """Epochs finished."""
    position: int = 0
    """Steps made of the epoch under way."""

    def next(self, steps_per_epoch: int) -> Place:
        """The place one step later."""
        if self.position + 1 >= steps_per_epoch:
            return Place(self.step + 1, self.epoch + 1)
        return Place(self.step + 1, self.epoch, self.position + 1)


class Batches:
    """The batches of one process: its share of each global batch of `recipe.batch` pictures."""

    def __init__(
        self,
        pictures: Pictures,
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

    def stream(self, place: Place) -> Iterator[Batch]:
        """Batches on the device from `place` on, without end."""
        if self._device.type != "cuda":
            while True:
                yield self.at(place).to(self._device)
                place = place.next(self.steps_per_epoch)
        with ThreadPoolExecutor(1, "limner-batches") as thread:
            coming = thread.submit(self._pinned, place)
            while True:
                batch = coming.result()
                place = place.next(self.steps_per_epoch)
                coming = thread.submit(self._pinned, place)
                yield batch.to(self._device)

    def _pinned(self, place: Place) -> Batch:
        return self.at(place).pinned()

    def at(self, place: Place) -> Batch:
        """The batch of a place, on the CPU."""
        recipe, training = self._recipe, self._pictures.training
        order = torch.randperm(len(training), generator=derive_generator(recipe.seed, SHUFFLE, place.epoch))
        first = place.position * recipe.batch
        met = [
            training[order[(first + i) % len(training)]] for i in range(self._share.start, self._share.stop)
        ]
        # Drawn for the global batch: two processes train on what one would.
        drawn = draw(recipe, recipe.batch, derive_generator(recipe.seed, AUGMENTATION, place.step))
        return gather(self._pictures, met, drawn.part(self._share.start, self._share.stop))


def still(pictures: Pictures, indices: Sequence[int]) -> Batch:
    """The middles of pictures, without anything random, on the CPU."""
    return gather(pictures, indices, unchanged(len(indices)))


def gather(pictures: Pictures, indices: Sequence[int], drawn: Draw) -> Batch:
    """Copy the boxes that hold the pictures' windows out of the memory map."""
    side = pictures.short_side
    boxes = np.empty((2 if pictures.paired() else 1, len(indices), side, side, 3), np.uint8)
    window = torch.empty(4, len(indices))
    for place, index in enumerate(indices):
        picture = pictures.picture(index)
        height, width = picture.shape[:2]
        cut = side / float(drawn.scale[place])
        top, left = float(drawn.down[place]) * (height - cut), float(drawn.across[place]) * (width - cut)
        row, column = min(int(top), height - side), min(int(left), width - side)
        boxes[0, place] = picture[row : row + side, column : column + side]
        if pictures.paired():
            partner = pictures.input_picture(index)
            boxes[1, place] = partner[row : row + side, column : column + side]
        # A window as large as its box has no room for the fraction of a pixel: it is moved by it.
        inside = [min(top - row, side - cut), min(left - column, side - cut)]
        window[:, place] = torch.tensor([*inside, cut, float(drawn.mirror[place])])
    return Batch(
        target=torch.from_numpy(boxes[0]),
        source=torch.from_numpy(boxes[1]) if pictures.paired() else None,
        window=window,
        light=torch.stack([drawn.brightness, drawn.contrast]),
    )
