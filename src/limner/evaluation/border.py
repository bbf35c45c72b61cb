"""The border: whether paintings look along their edges as they look inside, compared with real pictures.

A network that fills the outside of the picture with zeros sees the edge and often paints a frame there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from limner.evaluation.batches import map_batches
from limner.evaluation.relative import Relative, compare_to_real
from limner.guide import grey

WIDTH = 8
"""Pixels from the edge that are the border."""


def measure_border(paintings: Tensor, real: Tensor, seed: int) -> dict[str, Relative]:
    """Brightness, contrast and detail of the border over those of the inside, relative to real pictures.

    Both (N, 3, P, P) in 0..1, P above 2 `WIDTH`. 1 is as in real pictures.
    """
    painted, pictured = (map_batches(measure_regions, of) for of in (paintings, real))
    return {
        name: compare_to_real(_border_to_inside, painted[:, nth], pictured[:, nth], seed)
        for nth, name in enumerate(("brightness", "contrast", "detail"))
    }


def measure_regions(pictures: Tensor) -> Tensor:
    """(N, 3, 2), float64: mean, standard deviation and mean gradient of grey, at the border and inside."""
    shade = grey(pictures)[:, 0].double()
    across, down = shade.diff(dim=2)[:, 1:], shade.diff(dim=1)[:, :, 1:]
    gradient = across.abs() + down.abs()  # (N, P - 1, P - 1)
    shades, gradients = _split(shade), _split(gradient)
    return torch.stack(
        [
            torch.stack([region.mean(1) for region in shades], 1),
            torch.stack([region.std(1) for region in shades], 1),
            torch.stack([region.mean(1) for region in gradients], 1),
        ],
        1,
    )


def _split(values: Tensor) -> tuple[Tensor, Tensor]:
    """The values (N, H, W) at the border and inside, each (N, pixels)."""
    is_border = torch.ones(values.shape[1:], dtype=torch.bool)
    is_border[WIDTH:-WIDTH, WIDTH:-WIDTH] = False
    return values[:, is_border], values[:, ~is_border]


def _border_to_inside(regions: Tensor) -> Tensor:
    return regions[:, 0] / regions[:, 1]
