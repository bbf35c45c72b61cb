"""Random shifts and flips of pictures, seeded by picture: the same in any order of the batches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from limner.seeding import AUGMENTATION, derive_generator

MAX_SHIFT = 2
"""Pixels, to each side, of the small pictures of data sets."""

SHIFT_PART = 16
"""A large picture is shifted by up to so large a part of its side."""


@dataclass(frozen=True)
class Augmentation:
    """What becomes of each training picture in one epoch."""

    shifts: Tensor
    """int64 (n, 2): pixels down and to the right."""
    flips: Tensor
    """bool (n,)."""

    def apply(self, pictures: Tensor, indices: Tensor) -> Tensor:
        """Shift and flip `pictures` (b, C, P, P), the training pictures `indices` (b,).

        Pixels that come in at an edge are mirrored at it.
        """
        side = torch.arange(pictures.shape[-1])
        rows = _mirror(side - self.shifts[indices, 0, None], len(side))
        columns = _mirror(side - self.shifts[indices, 1, None], len(side))
        flips = self.flips[indices, None]
        columns = torch.where(flips, columns.flip(1), columns)
        batch = torch.arange(len(pictures))[:, None, None, None]
        channels = torch.arange(pictures.shape[1])[:, None, None]
        return pictures[batch, channels, rows[:, None, :, None], columns[:, None, None, :]]


def draw_augmentation(count: int, seed: int, epoch: int, *, pixels: int, with_flips: bool) -> Augmentation:
    """The augmentation of `count` training pictures in `epoch`, which depends on the seed alone."""
    generator = derive_generator(seed, AUGMENTATION, epoch)
    most = max(MAX_SHIFT, pixels // SHIFT_PART)
    shifts = torch.randint(-most, most + 1, (count, 2), generator=generator)
    flips = torch.rand(count, generator=generator) < 0.5
    return Augmentation(shifts, flips & with_flips)


def _mirror(indices: Tensor, size: int) -> Tensor:
    """Indices outside 0..size-1 mirrored at the edge pixel."""
    return (size - 1) - ((size - 1) - indices.abs()).abs()
