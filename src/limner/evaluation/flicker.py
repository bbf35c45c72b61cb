"""Flicker: how much a painting changes from frame to frame of a clip, against its guide."""

from __future__ import annotations

import torch
from torch import Tensor

from limner.evaluation.bootstrap import Interval, bootstrap


def measure_flicker(paintings: Tensor, guides: Tensor, seed: int) -> Interval:
    """RMS of the differences of neighbouring paintings, divided by that of their guides.

    Paintings (F, 3, P, P) and guides (F, 1 or 3, P, P) of a clip's frames in order, all in 0..1. NaN where
    nothing moves.
    """
    painted, guided = (
        frames.diff(dim=0).square().mean((1, 2, 3), dtype=torch.float64) for frames in (paintings, guides)
    )
    return bootstrap(lambda weights: (weights @ painted / (weights @ guided)).sqrt(), len(painted), seed)
