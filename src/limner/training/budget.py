"""The budget of training: the epochs or the time after which it ends, and an estimate of the time left."""

from __future__ import annotations

from dataclasses import dataclass

from limner.data.loader import Position
from limner.errors import LimnerError

DEFAULT_EPOCHS = 200
"""The budget where none is given: the epochs of the pix2pix paper."""


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
        if minutes is not None and not minutes > 0:
            raise LimnerError(f"minutes is {minutes}; choose more than 0.")
        if epochs is None and minutes is None:
            epochs = DEFAULT_EPOCHS
        return cls(epochs, None if minutes is None else 60 * minutes)

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
