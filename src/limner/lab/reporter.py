"""Who is told of a training: the loop knows this protocol, not the terminal."""

from __future__ import annotations

from typing import Protocol, Self

from rich.console import Console

from limner.display import printable, readable_duration
from limner.lab.history import EpochRecord
from limner.progress import ProgressBar


class LabReporter(Protocol):
    """Receives the events of a training. Every method must return at once."""

    def on_step(self, done: int, total: int) -> None:
        """Called after each step, with the steps of the whole training."""

    def on_epoch(self, record: EpochRecord, measure: str, seconds_left: float) -> None:
        """Called after each epoch; `measure` is the name of the scores."""

    def message(self, sentence: str) -> None:
        """Called with a sentence for people."""


class NullReporter:
    """A `LabReporter` that ignores all events."""

    def on_step(self, done: int, total: int) -> None:
        """Do nothing."""

    def on_epoch(self, record: EpochRecord, measure: str, seconds_left: float) -> None:
        """Do nothing."""

    def message(self, sentence: str) -> None:
        """Do nothing."""


class TerminalReporter:
    """A `LabReporter` for people: a bar, and a line for each epoch; a context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = ProgressBar(self._console)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.__exit__()

    def on_step(self, done: int, total: int) -> None:
        """Move the bar, which tells the time left."""
        if self._console.is_terminal:  # in a log the lines of the epochs tell enough
            self._bar(done, total, "training")

    def on_epoch(self, record: EpochRecord, measure: str, seconds_left: float) -> None:
        """Print the epoch's line."""
        self.message(
            f"epoch {record.epoch}: loss {record.train_loss:.4f}, held out {measure} "
            f"{record.held_out_score:.4f} (loss {record.held_out_loss:.4f}); "
            f"{readable_duration(record.seconds)} so far, {readable_duration(seconds_left)} left"
        )

    def message(self, sentence: str) -> None:
        """Print the sentence."""
        self._console.print(printable(sentence), highlight=False, markup=False, soft_wrap=True)
