"""Chance without a memory: every random number is a function of what it is for.

A run that was cut off anywhere goes on with exactly the numbers that it would have drawn, and no
generator's state has to be kept: the numbers of a step follow from the recipe's seed and the step.
"""

from __future__ import annotations

import numpy as np
import torch

INIT, SHUFFLE, AUGMENTATION, DROPOUT = range(4)
"""What numbers are for: the second part of a key, so that no two uses share numbers."""


def derive_seed(seed: int, use: int, *key: int) -> int:
    """A well mixed seed of 63 bits; `seed` may be any integer, the rest are 0 or more."""
    parts = np.random.SeedSequence([abs(seed), int(seed < 0), use, *key])
    return int(parts.generate_state(1, np.uint64)[0]) >> 1


def derive_generator(seed: int, use: int, *key: int) -> torch.Generator:
    """A generator on the CPU that starts at `seed_for`."""
    return torch.Generator().manual_seed(derive_seed(seed, use, *key))
