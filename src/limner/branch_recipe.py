"""The recipe of a branch: all settings that determine its training.

This module does not import torch: the command line builds recipes and must start at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from limner.errors import LimnerError
from limner.recipe import check_range

Branching = Literal["factors", "blocks"]

MAX_RANK = 16


@dataclass(frozen=True)
class BranchRecipe:
    """All settings that determine the training of a branch, besides its base and its pairs."""

    branching: Branching = "factors"
    """What a branch is: factors (a gain, a shift and a kernel of low rank for every layer), or blocks
    (first and last layers of its own, as in the paper of Zhuang and Yang 2020)."""
    rank: int = 4
    """Rank of the kernels that factors add, from 0 to 16; lower where a branch would exceed 50 kB."""
    batch: int = 4
    """Pairs per step."""
    learning_rate: float = 5e-3
    """Adam's learning rate at the beginning; it falls to 0 over the training. Blocks have a fifth of it."""
    l1: float = 4.0
    """Weight of the L1 loss."""
    perceptual: float = 2.0
    """Weight of the perceptual loss: the difference of SqueezeNet's features. L1 alone paints greyly."""
    noise: float = 0.02
    """Most noise that is added to inputs, as a standard deviation."""
    light: float = 0.05
    """Most by which inputs are made lighter or darker, and duller or not."""
    scale: float = 1.15
    """Largest random enlargement of a pair."""
    flip: bool = True
    """Mirror half of the pairs, left to right."""
    average: float = 0.98
    """Decay of the moving average of what is learned, which is what is kept."""
    seed: int = 0
    """Random seed. The same seed, pairs, steps and recipe give the same branch on a CPU."""

    def __post_init__(self) -> None:
        if self.branching not in get_args(Branching):
            raise LimnerError(
                f"branching is {self.branching!r}; choose one of {', '.join(get_args(Branching))}."
            )
        for name, low, high in (
            ("rank", 0, MAX_RANK),
            ("batch", 1, 64),
            ("learning_rate", 1e-7, 1.0),
            ("l1", 0.0, 1e4),
            ("perceptual", 0.0, 1e4),
            ("noise", 0.0, 0.5),
            ("light", 0.0, 0.5),
            ("scale", 1.0, 1.3),
            ("average", 0.0, 0.99999),
        ):
            check_range(name, getattr(self, name), low, high)
        if not (self.l1 or self.perceptual):
            raise LimnerError("l1 and perceptual are both 0, so nothing is learned: leave one out.")
