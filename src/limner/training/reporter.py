"""The reporter of training. The loop knows this protocol, not the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from limner.training.log import EpochRecord

DATA_BOUND_FRACTION = 0.3
"""Share of a step spent on preparing its batch above which training warns about it."""


@dataclass(frozen=True)
class Status:
    """The state of training after a step."""

    step: int
    epoch: int
    """Epochs finished."""
    epoch_step: int
    """Steps finished in the current epoch."""
    steps_per_epoch: int
    epochs: int | None
    """The budget in epochs; None where only time is limited."""
    losses: Mapping[str, float]
    """Means over the current epoch, by the names of `limner.training.state.LOSSES`; empty at first."""
    pictures_per_second: float
    """Throughput over the steps alone: see `StepTimer.pictures_per_second`."""
    seconds: float
    """Training time so far, over all sessions."""
    seconds_left: float | None
    """An estimate; None while there is none."""
    data_fraction: float
    """Share of the step, 0..1, that is spent on preparing the batch."""


class Reporter(Protocol):
    """Receives the events of a run. Every method must return at once."""

    def on_step(self, status: Status) -> None:
        """Called after each step."""

    def on_epoch(self, record: EpochRecord) -> None:
        """Called after each epoch."""

    def on_samples(self, sheet: Path) -> None:
        """Called when a sheet of samples was written."""

    def message(self, sentence: str) -> None:
        """Called with a sentence for people."""


class NullReporter:
    """A `Reporter` that ignores all events."""

    def on_step(self, status: Status) -> None:
        """Do nothing."""

    def on_epoch(self, record: EpochRecord) -> None:
        """Do nothing."""

    def on_samples(self, sheet: Path) -> None:
        """Do nothing."""

    def message(self, sentence: str) -> None:
        """Do nothing."""


WARM_UP_STEPS = 50
"""Steps after which the losses become meaningful."""


def describe_losses(status: Status) -> str:
    """The losses of the two networks in plain words."""
    if not status.losses or status.step < WARM_UP_STEPS:
        return "Warming up."
    mean_loss = (status.losses["d_real"] + status.losses["d_fake"]) / 2
    if mean_loss < 0.1:
        return "The discriminator tells every painting from a photo: the generator learns little from it."
    if mean_loss < 0.4:
        return "The discriminator is ahead: it tells most paintings from photos."
    if mean_loss < 0.95:
        return "The two networks are in balance."
    return "The discriminator can hardly tell paintings from photos: it guesses."


def describe_data_fraction(data_fraction: float) -> str:
    """A warning where training waits for its pictures, else an empty string."""
    if data_fraction <= DATA_BOUND_FRACTION:
        return ""
    return (
        f"{data_fraction:.0%} of the time goes into preparing pictures: a faster disk or more memory helps."
    )
