"""The distance of Gram matrices (Gatys et al. 2016): which features appear together, wherever they do."""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-12
"""Added to the size of the painting's matrix, which is 0 where no feature is excited."""


class GramDistance:
    """The distance of maps to those of a painting at one layer. 1 is that of features to zero."""

    def __init__(self, painting: Tensor) -> None:
        """`painting` are its maps (1, C, h, w) at the layer."""
        self.wanted = gram_matrices(painting)[0]
        self.size = float(self.wanted.square().sum()) + TINY

    def __call__(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """The distance () of maps (B, C, h, w), a mean over pictures; nothing is drawn."""
        _ = generator
        return (gram_matrices(maps) - self.wanted).square().sum((1, 2)).mean() / self.size


def gram_matrices(maps: Tensor) -> Tensor:
    """Mean products of features, (B, C, C), over the places of maps (B, C, h, w)."""
    features = maps.flatten(2)
    return features @ features.mT / features.shape[2]
