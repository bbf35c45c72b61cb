"""What the networks are run on: random numbers, the same for all runtimes, in one file.

Inputs are uniform in 0..1, as pictures are. A training's input is a batch: its pictures, and then a class
for each. Ten kinds of coarse patterns under noise are drawn for it, so that the loss falls.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.bench.everywhere.models import CLASSES, Model

SEED = 0
COUNT = 4
"""Inputs, which the runs take in turns."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """The inputs of a network, and the file that has them."""

    path: Path
    sha256: str
    values: list[Array]
    """Each of the model's input's shape; of a training flat: pictures, then classes."""


def draw_examples(model: Model, path: Path) -> Examples:
    """Write `COUNT` inputs for `model` into `path` as float32, one after the other."""
    random = np.random.default_rng(SEED)
    if model.is_training:
        patterns = _draw_patterns(random, model.shape[1:])
        values = [_draw_batch(random, patterns, model.shape[0]) for _ in range(COUNT)]
    else:
        values = [random.random(model.shape, dtype=np.float32) for _ in range(COUNT)]
    content = b"".join(each.astype("<f4").tobytes() for each in values)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Examples(path, hashlib.sha256(content).hexdigest(), values)


def example_size(model: Model) -> int:
    """How many numbers an input has."""
    return prod(model.shape) + (model.shape[0] if model.is_training else 0)


def _draw_patterns(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """For each class a picture (C, H, W) of 4 by 4 random fields in 0..1."""
    channels, height, width = shape
    coarse = random.random((CLASSES, channels, 4, 4), dtype=np.float32)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    return coarse[:, :, rows][..., columns]


def _draw_batch(random: np.random.Generator, patterns: Array, size: int) -> Array:
    classes = random.integers(CLASSES, size=size)
    noise = random.random((size, *patterns.shape[1:]), dtype=np.float32)
    pictures = (patterns[classes] + noise) / 2
    return np.concatenate([pictures.ravel(), classes.astype(np.float32)])
