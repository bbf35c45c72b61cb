"""What a task learns from: inputs and targets, in three parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from limner.seeding import SHUFFLE, derive_generator

HELD_OUT = 5000
"""Training examples that are held out, at most; a tenth where there are fewer than ten times as many."""

HOLD_OUT_SEED = 0
"""The same examples are held out whatever the seed of a training, so that seeds can be compared."""


class Part(NamedTuple):
    """Some of the examples."""

    inputs: Tensor
    """Pictures, uint8 (n, C, P, P), or numbers, float32 (n, 1)."""
    targets: Tensor
    """Classes, int64 (n,), or numbers, float32 (n, 1)."""


@dataclass(frozen=True)
class Examples:
    """The examples of a task, and what they are."""

    train: Part
    held_out: Part
    """Out of the training set: training chooses and stops by it."""
    test: Part
    """Measured once, when training has ended."""
    classes: tuple[str, ...]
    """Names by number; empty for numbers."""
    title: str
    """For tables and records: `MNIST`, or `CIFAR-10 (JPEG copy)`."""
    note: str
    """What distinguishes them from the original; empty for the original."""
    sha256: str
    """Of the data: two records with the same one are of the same data."""
    options: tuple[str, ...] = ()
    """Options of `limner lab` that take these examples, and not the task's usual ones."""


def hold_out(inputs: Tensor, targets: Tensor) -> tuple[Part, Part]:
    """Split a training set into what is learned from and what is held out, by chance."""
    count = min(HELD_OUT, len(inputs) // 10)
    order = torch.randperm(len(inputs), generator=derive_generator(HOLD_OUT_SEED, SHUFFLE))
    kept, held_out = order[count:].sort().values, order[:count].sort().values
    return Part(inputs[kept], targets[kept]), Part(inputs[held_out], targets[held_out])
