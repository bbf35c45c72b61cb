"""Stateless randomness: every random number is a function of the seed and of its use.

A resumed run draws exactly the numbers that the uninterrupted run would have drawn, and no generator state
has to be saved: the numbers of a step depend on the recipe's seed and the step alone.
"""

from __future__ import annotations

import numpy as np
import torch

INIT, SHUFFLE, AUGMENTATION, DROPOUT, CAMERA, SCENES, PATCHES, DREAMS, STYLES, FEW_PAIRS = range(10)
"""The uses of random numbers: the second part of a key, so that no two uses share numbers."""


def derive_seed(seed: int, use: int, *key: int) -> int:
    """A well-mixed seed of 63 bits. `seed` may be any integer; `use` and `key` are 0 or more."""
    parts = np.random.SeedSequence([abs(seed), int(seed < 0), use, *key])
    return int(parts.generate_state(1, np.uint64)[0]) >> 1


def derive_generator(seed: int, use: int, *key: int) -> torch.Generator:
    """A CPU generator seeded with `derive_seed`."""
    return torch.Generator().manual_seed(derive_seed(seed, use, *key))
