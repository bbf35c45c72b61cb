"""Who is told of a painter's training."""

from __future__ import annotations

from typing import Protocol

from limner.lab.reporter import TerminalReporter


class PainterReporter(Protocol):
    """Receives the events of a training. Every method must return at once."""

    def on_step(self, done: int, total: int) -> None:
        """Called after each step, with the steps of the whole training."""

    def on_rows(self, done: int, total: int) -> None:
        """Called while the painting is written, with its rows."""

    def message(self, sentence: str) -> None:
        """Called with a sentence for people."""


class NullPainterReporter:
    """A `PainterReporter` that ignores all events."""

    def on_step(self, done: int, total: int) -> None:
        """Do nothing."""

    def on_rows(self, done: int, total: int) -> None:
        """Do nothing."""

    def message(self, sentence: str) -> None:
        """Do nothing."""


class TerminalPainterReporter(TerminalReporter):
    """A `PainterReporter` for people: bars, and a line now and then."""

    def on_rows(self, done: int, total: int) -> None:
        """Move the bar, which tells the time left."""
        if self._console.is_terminal:
            self._bar(done, total, "painting")
