"""Memorising: whether paintings of new guides are training pictures, or as far from them as new pictures.

The distance of two pictures is 1 less the cosine of their features. It is taken to the nearest training
picture, as in Meehan et al. 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from limner.evaluation.bootstrap import Interval, bootstrap

CROP = 0.95
"""The part of a training picture's side that its copy shows."""


def measure_memorising(
    painted: Tensor, held_out: Tensor, training: Tensor, copies: Tensor, seed: int
) -> Interval:
    """(paintings - copies) / (held-out - copies), of the median distances to the nearest training picture.

    0 for copies of training pictures, 1 for what is as new as held-out pictures; above 1 for paintings that
    are far from every picture, good or bad; NaN where held-out pictures are no farther than copies.
    Features are (N, C) of paintings and held-out pictures, (M, C) of training pictures, and of
    `make_copies` of some.
    """
    copied = float(nearest_distances(copies, training).median())
    painted_distances = nearest_distances(painted, training)
    held_out_distances = nearest_distances(held_out, training)

    def ratio(weights: Tensor) -> Tensor:
        made, new = (_medians(each, weights) for each in (painted_distances, held_out_distances))
        return torch.where(new > copied, (made - copied) / (new - copied), torch.nan)

    return bootstrap(ratio, len(painted), seed)


def _medians(values: Tensor, weights: Tensor) -> Tensor:
    """The median (R,) of values (N,) that are drawn as often as each row of (R, N) says."""
    return torch.stack([values.repeat_interleave(row.long()).median() for row in weights])


def nearest_distances(features: Tensor, training: Tensor) -> Tensor:
    """(N,): the distance of features (N, C) to the nearest of (M, C)."""
    return (1 - normalize(features) @ normalize(training).T).amin(1)


def make_copies(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, P, P) mirrored, cropped and enlarged: what a network that memorises would paint."""
    side = pictures.shape[-1]
    edge = round(side * (1 - CROP) / 2)
    cut = pictures.flip(3)[:, :, edge : side - edge, edge : side - edge]
    return interpolate(cut, size=(side, side), mode="bilinear", antialias=True)
