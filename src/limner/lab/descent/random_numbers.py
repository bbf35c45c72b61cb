"""The page's random numbers (`web/lab/numbers/random.ts`), so that stochastic paths are the page's, too.

No library serves: NumPy and torch have neither this generator nor this mix of the keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

WORD = 0xFFFFFFFF


def random_numbers(*keys: int) -> Callable[[], float]:
    """A source of numbers in [0, 1): the generator "mulberry32" (Ettinger 2017) over a mix of the keys."""
    state = 0x2545F491
    for key in keys:
        state = _multiply(state ^ (key + 0x9E3779B9), 0x85EBCA6B) ^ (state >> 13)

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & WORD
        bits = _multiply(state ^ (state >> 15), 1 | state)
        bits = ((bits + _multiply(bits ^ (bits >> 7), 61 | bits)) & WORD) ^ bits
        return (bits ^ (bits >> 14)) / 2**32

    return draw


def normal(draw: Callable[[], float]) -> float:
    """A number of the standard normal distribution (Box and Muller 1958)."""
    return math.sqrt(-2 * math.log(1 - draw())) * math.cos(2 * math.pi * draw())


@cache
def _shuffled(count: int, seed: int, epoch: int) -> Sequence[int]:
    """The numbers 0 to `count` - 1 in a random order (Fisher and Yates 1938)."""
    draw = random_numbers(seed, epoch)
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = math.floor(draw() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def batch_of(step: int, count: int, batch: int, seed: int) -> Sequence[int]:
    """The numbers of the examples of a step, counted from 0: every epoch has all, in an order of its own.

    `batch` is at most `count`. The last examples of an epoch are left out where they fill no batch.
    """
    steps = count // batch
    first = step % steps * batch
    return _shuffled(count, seed, step // steps)[first : first + batch]


def _multiply(a: int, b: int) -> int:
    return (a * b) & WORD
