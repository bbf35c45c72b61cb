"""The mean absolute difference of paintings from the held-out pictures that their guides were made of."""

from __future__ import annotations

import torch
from torch import Tensor

from limner.evaluation.bootstrap import Interval, bootstrap_mean


def measure_l1(paintings: Tensor, real: Tensor, seed: int) -> Interval:
    """The difference on the scale of -1..1, as a run's log has it; both (N, 3, P, P) in 0..1."""
    differences = 2 * (paintings - real).abs().mean((1, 2, 3), dtype=torch.float64)
    return bootstrap_mean(differences, seed)
