"""The sliced Wasserstein distance of features (Heitz et al. 2021, *A Sliced Wasserstein Loss for Neural
Texture Synthesis*).

Features of all places, projected on a direction and sorted, are compared with those of the painting. It
sees the whole distribution, where Gram matrices see the second moments alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

from limner.art.style_options import DRAW_DIRECTIONS
from limner.seeding import STYLES, derive_generator

DIRECTIONS = 512
"""Directions in which the painting's features are known."""

COMPARED = 48
"""Directions of a step, neighbours in the list of those known: sorting takes most of the time."""

MAX_PLACES = 4096
"""Most places that are sorted: of a larger map, as many are drawn anew in each step."""

TINY = 1e-12
"""Added to the spread of the painting's features, which is 0 where the painting is flat."""


class SlicedWasserstein:
    """The distance of maps to those of a painting at one layer. 1 is about that of features to zero."""

    def __init__(self, painting: Tensor, seed: int, layer: int) -> None:
        """`painting` are its maps (1, C, h, w) at the layer, whose number decides the directions."""
        generator = derive_generator(seed, STYLES, DRAW_DIRECTIONS, layer)
        channels = painting.shape[1]
        directions = torch.randn(DIRECTIONS, channels, generator=generator).to(painting)
        self.directions = directions / directions.norm(dim=1, keepdim=True)
        places = _draw_places(painting[0].flatten(1), generator)
        self.sorted = (self.directions @ places).sort(dim=1).values
        self.spread = float(self.sorted.square().mean()) + TINY

    def __call__(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """The distance () of maps (B, C, h, w), a mean over pictures. `generator` is of the CPU."""
        first = int(torch.randint(DIRECTIONS - COMPARED + 1, (), generator=generator))
        directions = self.directions[first : first + COMPARED]
        wanted = self.sorted[first : first + COMPARED]
        distances = []
        for image in maps:
            places = _draw_places(image.flatten(1), generator)
            found = (directions @ places).sort(dim=1).values
            distances.append((found - _resample(wanted, found.shape[1])).square().mean())
        return torch.stack(distances).mean() / self.spread


def _draw_places(features: Tensor, generator: torch.Generator) -> Tensor:
    """At most `MAX_PLACES` places of features (C, N), as (C, n)."""
    if features.shape[1] <= MAX_PLACES:
        return features
    chosen = torch.randperm(features.shape[1], generator=generator)[:MAX_PLACES]
    return features[:, chosen.to(features.device)]


def _resample(quantiles: Tensor, count: int) -> Tensor:
    """Sorted values (K, M) as `count` of their quantiles (K, count)."""
    if quantiles.shape[1] == count:
        return quantiles
    middles = (torch.arange(count, device=quantiles.device) + 0.5) / count
    return quantiles[:, (middles * quantiles.shape[1]).long()]
