"""Diversity: how many different paintings there are, against how many different pictures.

It is the Vendi score (Friedman and Dieng 2023) of the judge's features. The similarity of two pictures is
exp(-d^2 / 2 s^2) of their distance d. The width s is half the median distance of real pictures, so that
usual real pictures count as different, and paintings that all lie near the mean do not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from limner.data.checks.diversity import effective_number
from limner.evaluation.bootstrap import Interval, bootstrap

MATRICES_AT_ONCE = 32
"""So many eigenvalues are computed many times faster than one by one, and need little memory."""


def measure_diversity(painted: Tensor, real: Tensor, seed: int) -> Interval:
    """The effective number of paintings, divided by that of real pictures; features are (N, C).

    1 is as diverse as the pictures; 1 / (their effective number) for one painting over and over.
    """
    distances = torch.cdist(painted, painted), torch.cdist(real, real)
    width = float(distances[1].flatten().median()) / 2 or 1.0
    painted_similarity, real_similarity = (torch.exp(-(d**2) / (2 * width**2)) for d in distances)

    def ratio(weights: Tensor) -> Tensor:
        return _count(painted_similarity, weights) / _count(real_similarity, weights)

    return bootstrap(ratio, len(real), seed)


def _count(similarity: Tensor, weights: Tensor) -> Tensor:
    """The effective number (R,) of pictures that are drawn as often as each row of (R, N) says."""
    shares = (weights / weights.sum(1, keepdim=True)).sqrt()
    eigenvalues = [
        torch.linalg.eigvalsh(rows[:, :, None] * similarity * rows[:, None])
        for rows in torch.split(shares, MATRICES_AT_ONCE)
    ]
    return torch.from_numpy(effective_number(torch.cat(eigenvalues).numpy()))
