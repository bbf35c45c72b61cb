"""The records of a training's epochs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochRecord:
    """What is known after an epoch."""

    epoch: int
    """Epochs finished; the last one may have been cut short by the time."""
    step: int
    rate: float
    """The learning rate of the last step."""
    train_loss: float
    """Mean over the epoch, of augmented examples, while the weights changed."""
    train_score: float
    held_out_loss: float
    held_out_score: float
    """The accuracy, or R² of numbers."""
    seconds: float
    """Training and evaluation so far, over all sessions, by the clock."""
    cpu_seconds: float
    """The same in seconds of processor time."""
