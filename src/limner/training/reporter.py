"""What training says while it runs, and to whom: the loop knows this protocol and no terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from limner.training.log import EpochRecord

DATA_BOUND_FRACTION = 0.3
"""Share of a step spent on preparing its batch from which on it deserves a word."""


@dataclass(frozen=True)
class Status:
    """How training is doing, after each step."""

    step: int
    epoch: int
    """Epochs finished."""
    epoch_step: int
    """Steps made of the epoch under way."""
    steps_per_epoch: int
    epochs: int | None
    """The goal; None where only time counts."""
    losses: Mapping[str, float]
    """Means over the epoch under way, by the names of `limner.training.pix2pix.LOSSES`; empty at first."""
    pictures_per_second: float
    """Of steps alone, without what lies between them."""
    seconds: float
    """Training time so far, over all sittings."""
    seconds_left: float | None
    """An estimate; None while there is none."""
    data_fraction: float
    """Share of the step, 0..1, that is spent on preparing the batch."""


class Reporter(Protocol):
    """Told about a run as it goes; every call must return at once."""

    def on_step(self, status: Status) -> None:
        """After each step."""

    def on_epoch(self, entry: EpochRecord) -> None:
        """After each epoch."""

    def on_samples(self, sheet: Path) -> None:
        """When a sheet of samples was written."""

    def message(self, sentence: str) -> None:
        """What a person should know."""


class NullReporter:
    """A `Reporter` that says nothing."""

    def on_step(self, status: Status) -> None:
        """Nothing."""

    def on_epoch(self, entry: EpochRecord) -> None:
        """Nothing."""

    def on_samples(self, sheet: Path) -> None:
        """Nothing."""

    def message(self, sentence: str) -> None:
        """Nothing."""


WARM_UP_STEPS = 50
"""Steps before which losses say nothing yet."""


def describe_losses(status: Status) -> str:
    """The losses of the two networks in plain words."""
    if not status.losses or status.step < WARM_UP_STEPS:
        return "Warming up."
    telling = (status.losses["d_real"] + status.losses["d_fake"]) / 2
    if telling < 0.05:
        return "The discriminator tells every painting from a photo: the generator learns little from it."
    if telling < 0.35:
        return "The discriminator is ahead: it tells most paintings from photos."
    if telling < 0.95 * math.log(2):
        return "The two networks are in balance."
    return "The discriminator can hardly tell paintings from photos: it guesses."


def describe_data_fraction(data_fraction: float) -> str:
    """A sentence where training waits for its pictures, else nothing."""
    if data_fraction <= DATA_BOUND_FRACTION:
        return ""
    return (
        f"{data_fraction:.0%} of the time goes into preparing pictures: a faster disk or more memory helps."
    )
