"""The light of a set of pictures: what auto-levels aim at, and a look's file keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Light:
    """The light of many pictures, in their coarse grey cells of 0..1."""

    mean: float
    """The mean of all cells."""
    variation: float
    """The standard deviation of the pictures' means."""
    spread: float
    """The mean of the pictures' standard deviations."""


PHOTOS = Light(mean=0.44, variation=0.12, spread=0.19)
"""Of photos of flowers, sunrises and clouds: `scripts/light.py` prints the figures of any set."""
