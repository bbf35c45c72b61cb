"""The log of a run: one line of JSON per epoch, appended. Dashboards read it; training writes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from limner.files import atomic_write, disk_errors
from limner.reading import parse_json


@dataclass(frozen=True)
class EpochRecord:
    """The log record of one epoch."""

    step: int
    """Steps finished so far."""
    epoch: int
    """Epochs finished so far."""
    d_real: float
    """Mean over the epoch: the discriminator's hinge loss on photos; 1 where it guesses."""
    d_fake: float
    """The same on paintings."""
    g_adversarial: float
    """The generator's adversarial loss: less than 0 where the discriminator believes it."""
    g_feature_matching: float
    """The generator's further losses, without their weights: see `limner.training.losses`."""
    g_perceptual: float
    g_low_l1: float
    g_l1: float
    """Mean absolute difference between painting and target, on the scale of -1..1."""
    g_light: float
    held_out_l1: float | None
    """`g_l1` on up to 16 held-out pictures, without dropout; null where no picture is held out."""
    pictures_per_second: float
    """Throughput over the steps of the epoch alone: see `StepTimer.pictures_per_second`."""
    seconds: float
    """Training time so far, over all sessions."""
    time: str
    """When the record was written, in UTC (ISO 8601)."""


class RunLog:
    """Appends to, reads and truncates `log.jsonl`. Raises LimnerError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, record: EpochRecord) -> None:
        """Append one line."""
        with disk_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def records(self) -> list[EpochRecord]:
        """All records; a line that a kill cut off is skipped."""
        if not self._path.exists():
            return []
        records = []
        for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                records.append(EpochRecord(**parse_json(line)))
            except (ValueError, TypeError):
                continue
        return records

    def truncate_after(self, step: int) -> None:
        """Drop the records after `step`: training resumes there and will write them again."""
        kept = [json.dumps(asdict(record)) + "\n" for record in self.records() if record.step <= step]
        if self._path.exists():
            atomic_write(self._path, "".join(kept))
