"""The page's random numbers, so that its networks begin with the same weights here.

mulberry32 (Ettinger 2017) over a mix of the keys, as in web/lab/numbers/random.ts. Its state grows by a
constant, so that many numbers are computed at once. torch and numpy have no such generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 0xFFFFFFFF
STEP = 0x6D2B79F5


class Mulberry32:
    """A generator of numbers that depend on its keys alone."""

    def __init__(self, *keys: int) -> None:
        """`keys` are 0 or more."""
        state = 0x2545F491
        for key in keys:
            state = ((state ^ (key + 0x9E3779B9) & BITS) * 0x85EBCA6B & BITS) ^ (state >> 13)
        self._state = state

    def uniform(self, count: int) -> NDArray[np.float64]:
        """The next `count` numbers, from 0 to below 1."""
        steps = np.arange(1, count + 1, dtype=np.uint32)
        state = np.uint32(self._state) + steps * np.uint32(STEP)
        self._state = (self._state + count * STEP) & BITS
        bits = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        bits = (bits + (bits ^ (bits >> np.uint32(7))) * (bits | np.uint32(61))) ^ bits
        return np.asarray(bits ^ (bits >> np.uint32(14)), np.float64) / 2.0**32

    def normal(self, count: int) -> NDArray[np.float64]:
        """The next `count` numbers of the standard normal distribution (Box and Muller 1958)."""
        first, second = self.uniform(2 * count).reshape(count, 2).T
        return np.asarray(np.sqrt(-2 * np.log(1 - first)) * np.cos(2 * np.pi * second))
