"""The budget of training: the epochs or the time after which it ends, and an estimate of the time left."""

from __future__ import annotations

import math
from dataclasses import dataclass

from limner.data.loader import Position
from limner.display import readable_duration
from limner.errors import LimnerError

DEFAULT_EPOCHS, DEFAULT_MINUTES = 200, 180.0
"""The budget where none is given: the epochs of the pix2pix paper, or an evening of a laptop."""


@dataclass(frozen=True)
class Budget:
    """When training ends: at whichever limit comes first."""

    epochs: int | None
    seconds: float | None
    """Training time, earlier sessions included."""

    @classmethod
    def parse(cls, epochs: int | None, minutes: float | None) -> Budget:
        """The budget from the options of a command. Raises LimnerError where a value is out of range."""
        if epochs is not None and epochs < 1:
            raise LimnerError(f"epochs is {epochs}; choose 1 or more.")
        if minutes is not None and not 0 < minutes < math.inf:
            raise LimnerError(
                f"minutes is {minutes}; choose a number above 0. Without a limit of time, give --epochs."
            )
        if epochs is None and minutes is None:
            epochs, minutes = DEFAULT_EPOCHS, DEFAULT_MINUTES
        return cls(epochs, None if minutes is None else 60 * minutes)

    def describe(self) -> str:
        """When training ends, as a sentence."""
        limits = [] if self.epochs is None else [f"{self.epochs:,} epochs"]
        if self.seconds is not None:
            limits.append(f"{self.seconds / 60:g} minutes")
        first = ", whichever is first" if len(limits) > 1 else ""
        return f"Training ends after {' or '.join(limits)}{first}."

    def describe_end(
        self, position: Position, seconds: float, steps_per_epoch: int, seconds_per_step: float
    ) -> str:
        """Which limit comes first at the speed of the last steps, and when, as a sentence.

        There must have been a step. Takes what `seconds_left` takes.
        """
        left = self.seconds_left(position, seconds, steps_per_epoch, seconds_per_step)
        assert left is not None
        epochs = position.epoch + (position.epoch_step + left / seconds_per_step) / steps_per_epoch
        reached = (
            "all epochs"
            if self.epochs is not None and epochs > self.epochs - 0.5
            else f"{epochs:,.0f} epochs"
        )
        return f"At this speed it ends in about {readable_duration(left)}, after {reached}."

    def epochs_reached(self, position: Position) -> bool:
        """Whether all epochs are done."""
        return self.epochs is not None and position.epoch >= self.epochs

    def time_reached(self, seconds: float) -> bool:
        """Whether the time is used up."""
        return self.seconds is not None and seconds >= self.seconds

    def seconds_left(
        self, position: Position, seconds: float, steps_per_epoch: int, seconds_per_step: float
    ) -> float | None:
        """Estimate the time left; None before the first step if only epochs are limited."""
        limits = []
        if self.seconds is not None:
            limits.append(self.seconds - seconds)
        if self.epochs is not None and seconds_per_step > 0:
            steps_left = (self.epochs - position.epoch) * steps_per_epoch - position.epoch_step
            limits.append(steps_left * seconds_per_step)
        return max(min(limits), 0.0) if limits else None
