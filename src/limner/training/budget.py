"""The budget of a training: the epochs or the time after which it ends, and an estimate of what is left."""

from __future__ import annotations

from dataclasses import dataclass

from limner.data.loader import Position
from limner.errors import LimnerError

EPOCHS = 200
"""Where nobody says when to stop: what the pix2pix paper trains."""


@dataclass(frozen=True)
class Goal:
    """When training is done: at whichever comes first."""

    epochs: int | None
    seconds: float | None
    """Of training, earlier sittings counted in."""

    @classmethod
    def of(cls, epochs: int | None, minutes: float | None) -> Goal:
        """The goal that a person gave. Raises LimnerError where it makes no sense."""
        if epochs is not None and epochs < 1:
            raise LimnerError(f"epochs is {epochs}; choose 1 or more.")
        if minutes is not None and not minutes > 0:
            raise LimnerError(f"minutes is {minutes}; choose more than 0.")
        if epochs is None and minutes is None:
            epochs = EPOCHS
        return cls(epochs, None if minutes is None else 60 * minutes)

    def epochs_done(self, place: Position) -> bool:
        """Whether the epochs are over."""
        return self.epochs is not None and place.epoch >= self.epochs

    def time_over(self, seconds: float) -> bool:
        """Whether the time is over."""
        return self.seconds is not None and seconds >= self.seconds

    def seconds_left(self, place: Position, seconds: float, steps: int, per_step: float) -> float | None:
        """An estimate from `steps` per epoch and seconds `per_step`; None before the first step."""
        left = []
        if self.seconds is not None:
            left.append(self.seconds - seconds)
        if self.epochs is not None and per_step > 0:
            to_go = (self.epochs - place.epoch) * steps - place.epoch_step
            left.append(to_go * per_step)
        return max(min(left), 0.0) if left else None
