"""Batches of pictures, each a pure function of the recipe and the position in the run.

An epoch uses every picture once, in an order drawn for that epoch. If the pictures do not fill the last
batch, the epoch's first pictures fill it up: every step has a full batch, and batch norm never sees a
single picture. If there are fewer pictures than one batch holds, the batch repeats them.

The pictures are memory-mapped and already decoded, so a batch is a few copies of rows and needs no worker
processes. For a GPU, one thread prepares the next batch in page-locked memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from limner.data.augmentation import AugmentationParams, Batch, identity_params, sample_params
from limner.data.camera import CameraParams, sample_camera
from limner.data.store import ImageStore
from limner.recipe import Recipe
from limner.seeding import AUGMENTATION, CAMERA, SHUFFLE, derive_generator


@dataclass(frozen=True)
class Position:
    """The position in a run."""

    step: int = 0
    """Steps finished."""
    epoch: int = 0
    """Epochs finished."""
    epoch_step: int = 0
    """Steps finished in the current epoch."""

    def next(self, steps_per_epoch: int) -> Position:
        """The position one step later."""
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
        """Yield batches on the device from `position` on, endlessly."""
        if self._device.type != "cuda":
            while True:
                yield self.at(position).to(self._device)
                position = position.next(self.steps_per_epoch)
        with ThreadPoolExecutor(1, "limner-batches") as thread:
            future = thread.submit(self._load_pinned, position)
            while True:
                batch = future.result()
                position = position.next(self.steps_per_epoch)
                future = thread.submit(self._load_pinned, position)
                yield batch.to(self._device)

    def _load_pinned(self, position: Position) -> Batch:
        return self.at(position).pin_memory()

    def at(self, position: Position) -> Batch:
        """The batch at a position, on the CPU."""
        recipe, training = self._recipe, self._pictures.training
        order = torch.randperm(
            len(training), generator=derive_generator(recipe.seed, SHUFFLE, position.epoch)
        )
        first = position.epoch_step * recipe.batch
        indices = [
            training[order[(first + i) % len(training)]] for i in range(self._share.start, self._share.stop)
        ]
        # Drawn for the global batch, so that two processes train on the same data as one.
        params = sample_params(
            recipe, recipe.batch, derive_generator(recipe.seed, AUGMENTATION, position.step)
        ).slice(self._share.start, self._share.stop)
        camera = None
        if recipe.camera > 0:
            generator = derive_generator(recipe.seed, CAMERA, position.step)
            drawn = sample_camera(recipe.camera, recipe.batch, generator)
            camera = drawn.map(lambda values: values[self._share])
        return load_batch(self._pictures, indices, params, camera)


def center_batch(pictures: ImageStore, indices: Sequence[int]) -> Batch:
    """The centre crops of pictures, without augmentation, on the CPU."""
    return load_batch(pictures, indices, identity_params(len(indices)))


def load_batch(
    pictures: ImageStore,
    indices: Sequence[int],
    params: AugmentationParams,
    camera: CameraParams | None = None,
) -> Batch:
    """Copy the boxes around the pictures' windows from the memory map."""
    side = pictures.short_side
    boxes = np.empty((2 if pictures.is_paired() else 1, len(indices), side, side, 3), np.uint8)
    window = torch.empty(4, len(indices))
    for nth, index in enumerate(indices):
        picture = pictures.image(index)
        height, width = picture.shape[:2]
        window_side = side / float(params.scale[nth])
        top, left = (
            float(params.down[nth]) * (height - window_side),
            float(params.across[nth]) * (width - window_side),
        )
        row, column = min(int(top), height - side), min(int(left), width - side)
        boxes[0, nth] = picture[row : row + side, column : column + side]
        if pictures.is_paired():
            partner = pictures.input_image(index)
            boxes[1, nth] = partner[row : row + side, column : column + side]
        # A window as large as its box cannot start at a fraction of a pixel, so the offset is clamped.
        offsets = [min(top - row, side - window_side), min(left - column, side - window_side)]
        window[:, nth] = torch.tensor([*offsets, window_side, float(params.mirror[nth])])
    return Batch(
        target=torch.from_numpy(boxes[0]),
        source=torch.from_numpy(boxes[1]) if pictures.is_paired() else None,
        window=window,
        guide_params=torch.stack([params.brightness, params.contrast]),
        camera=camera,
    )
