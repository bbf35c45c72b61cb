"""Noise gain: how much of a camera's noise comes through to the painting, where it flickers."""

from __future__ import annotations

import torch
from torch import Tensor

from limner.evaluation.batches import BATCH
from limner.evaluation.bootstrap import Interval, bootstrap
from limner.evaluation.paint import Paint

DEVIATION = 0.02
"""Standard deviation of the noise, in 0..1: five steps of 8 bits."""


def measure_noise_gain(
    paint: Paint, pictures: Tensor, paintings: Tensor, seed: int, *, deviation: float = DEVIATION
) -> Interval:
    """RMS of what noise of a standard deviation changes in paintings, divided by the RMS of the noise.

    Pictures and their paintings are (N, 3, P, P) in 0..1.
    """
    generator = torch.Generator().manual_seed(seed)
    added, changed = [], []
    for picture, painting in zip(torch.split(pictures, BATCH), torch.split(paintings, BATCH), strict=True):
        noise = torch.randn(picture.shape, generator=generator)
        noisy = (picture + deviation * noise).clamp(0, 1)
        added.append((noisy - picture).square().mean((1, 2, 3), dtype=torch.float64))
        changed.append((paint(noisy) - painting).square().mean((1, 2, 3), dtype=torch.float64))
    powers = torch.cat(changed), torch.cat(added)
    return bootstrap(
        lambda weights: (weights @ powers[0] / (weights @ powers[1])).sqrt(), len(pictures), seed
    )
