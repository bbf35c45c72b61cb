"""What tests of training share: a reporter that remembers, and how far a run is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from limner.training.checkpoint import list_checkpoints, read_checkpoint
from limner.training.reporter import NullReporter, Status
from limner.training.run import Run

EPOCHS = 3
LONG_EPOCHS = 12
"""Epochs of a run that is still training when it is killed, even where the test is slow."""


class RecordingReporter(NullReporter):
    """Keeps what is reported, and calls `each` at every step."""

    def __init__(self, each: Callable[[Status], None] = lambda _: None) -> None:
        self.messages: list[str] = []
        self.sheets: list[Path] = []
        self.statuses: list[Status] = []
        self.each = each

    def on_step(self, status: Status) -> None:
        self.statuses.append(status)
        self.each(status)

    def on_samples(self, sheet: Path) -> None:
        self.sheets.append(sheet)

    def message(self, sentence: str) -> None:
        self.messages.append(sentence)


def at_step(step: int, act: Callable[[], None]) -> RecordingReporter:
    return RecordingReporter(lambda status: act() if status.step == step else None)


def read_step(folder: Path) -> int:
    return int(read_checkpoint(list_checkpoints(folder / "checkpoints")[0])[1]["step"])


def last_tensors(run: Run) -> dict[str, torch.Tensor]:
    return read_checkpoint(list_checkpoints(run.checkpoints)[0])[0]
