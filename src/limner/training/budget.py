"""The budget of a training: the epochs or the time after which it ends, and an estimate of what is left."""

from __future__ import annotations

from dataclasses import dataclass

from limner.data.loader import Position
from limner.errors import LimnerError

DEFAULT_EPOCHS = 200
"""Where nobody says when to stop: what the pix2pix paper trains."""


@dataclass(frozen=True)
class Budget:
    """When training is done: at whichever comes first."""

    epochs: int | None
    seconds: float | None
    """Of training, earlier sittings counted in."""

    @classmethod
    def parse(cls, epochs: int | None, minutes: float | None) -> Budget:
        """The goal that a person gave. Raises LimnerError where it makes no sense."""
        if epochs is not None and epochs < 1:
            raise LimnerError(f"epochs is {epochs}; choose 1 or more.")
        if minutes is not None and not minutes > 0:
            raise LimnerError(f"minutes is {minutes}; choose more than 0.")
        if epochs is None and minutes is None:
            epochs = DEFAULT_EPOCHS
        return cls(epochs, None if minutes is None else 60 * minutes)

    def epochs_reached(self, position: Position) -> bool:
        """Whether the epochs are over."""
        return self.epochs is not None and position.epoch >= self.epochs

    def time_reached(self, seconds: float) -> bool:
        """Whether the time is over."""
        return self.seconds is not None and seconds >= self.seconds

    def seconds_left(self, position: Position, seconds: float, steps: int, per_step: float) -> float | None:
        """An estimate from `steps` per epoch and seconds `per_step`; None before the first step."""
        left = []
        if self.seconds is not None:
            left.append(self.seconds - seconds)
        if self.epochs is not None and per_step > 0:
            to_go = (self.epochs - position.epoch) * steps - position.epoch_step
            left.append(to_go * per_step)
        return max(min(left), 0.0) if left else None
