"""Samples: the fixed pictures of a store on which a generator is evaluated, and its held-out L1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from limner.data.augmentation import TrainingPair, make_pair
from limner.data.loader import center_batch
from limner.data.store import ImageStore
from limner.guide import GuideModule
from limner.networks.generator import Generator

T = TypeVar("T")

HELD_OUT, TRAINING = 4, 2
"""Columns of a sheet: held-out pictures and training pictures."""

MAX_LOGGED = 16
"""Most held-out pictures for the held-out L1: few, since it is computed after every epoch."""


class Samples:
    """Fixed pictures of a store as training pairs, whose inputs come from `guide`; it is on `device`."""

    def __init__(self, pictures: ImageStore, guide: GuideModule, pixels: int, device: torch.device) -> None:
        self.pixels = pixels
        self._pictures, self._guide, self._device = pictures, guide, device
        self._sheet_held_out = evenly_spaced(pictures.held_out, HELD_OUT)
        self._sheet_training = evenly_spaced(pictures.training, TRAINING)
        self._logged = evenly_spaced(pictures.held_out, MAX_LOGGED)

    def sheet_pairs(self) -> TrainingPair:
        """The columns of a sheet: first held-out pictures, then training pictures."""
        return self._batch([*self._sheet_held_out, *self._sheet_training])

    def count_columns(self) -> tuple[int, int]:
        """The number of columns with held-out pictures, and with training pictures."""
        return len(self._sheet_held_out), len(self._sheet_training)

    def _batches(self, indices: Sequence[int]) -> Iterator[TrainingPair]:
        for start in range(0, len(indices), 8):
            yield self._batch(indices[start : start + 8])

    def _batch(self, indices: Sequence[int]) -> TrainingPair:
        batch = center_batch(self._pictures, indices).to(self._device)
        return make_pair(batch, self._guide, self.pixels)

    def held_out_l1(self, generator: Generator) -> float | None:
        """Mean absolute difference on `MAX_LOGGED` held-out pictures, on the scale of -1..1.

        Dropout is off. None where no picture is held out.
        """
        total = 0.0
        for inputs, target in self._batches(self._logged):
            total += float((generate(generator, inputs) - target).abs().mean(dim=(1, 2, 3)).sum())
        return total / len(self._logged) if self._logged else None


def evenly_spaced(indices: Sequence[T], count: int) -> list[T]:
    """At most `count` of `indices`, evenly spaced."""
    count = min(count, len(indices))
    return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]


@torch.no_grad()
def generate(generator: Generator, inputs: Tensor) -> Tensor:
    """Paint `inputs` without dropout. The generator is left in training mode."""
    generator.eval()
    painting: Tensor = generator(inputs)
    generator.train()
    return painting
