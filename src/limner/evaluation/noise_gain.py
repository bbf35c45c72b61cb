"""Noise gain: how much of a camera's noise comes through to the painting, where it flickers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.evaluation.batches import BATCH
from limner.evaluation.bootstrap import Interval, bootstrap
from limner.evaluation.paint import Paint

DEVIATION = 0.02
"""Standard deviation of the noise, in 0..1: five steps of 8 bits."""

CAMERA_DEVIATION = 2 / 255
"""That of a webcam in good light: what still looks flicker by."""

Array = NDArray[np.float32]


def measure_camera_noise_gain(paint: Callable[[Array], Array], pictures: Iterable[Array]) -> float:
    """RMS of what a camera's noise changes in paintings, divided by the RMS of that noise.

    `paint` maps a picture to its painting, arrays of any shape in 0..1, and keeps nothing from one to the
    next.
    """
    rng = np.random.default_rng(0)
    added = changed = 0.0
    for picture in pictures:
        noise = CAMERA_DEVIATION * rng.standard_normal(picture.shape)
        noisy = np.asarray((picture + noise).clip(0, 1), np.float32)
        added += np.square(noisy - picture, dtype=np.float64).mean()
        changed += np.square(paint(noisy) - paint(picture), dtype=np.float64).mean()
    return float(np.sqrt(changed / added))


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
