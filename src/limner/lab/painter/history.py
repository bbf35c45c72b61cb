"""The records of a painter's training, and how like the picture a painting is."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST_ERROR = 1e-12
"""So that a painting without any error has a likeness too: 120 decibels."""


@dataclass(frozen=True)
class PainterRecord:
    """What is known after some steps."""

    step: int
    """Steps so far."""
    loss: float
    """Mean squared error of sRGB colours of 0..1: the mean of the steps since the record before."""
    psnr: float
    """The same in decibels."""
    seconds: float
    """Training so far, over all sessions, by the clock."""
    cpu_seconds: float
    """The same in seconds of processor time."""


def psnr_of(error: float) -> float:
    """The peak signal-to-noise ratio of a mean squared error of colours of 0..1, in decibels."""
    return -10 * math.log10(max(error, LEAST_ERROR))
