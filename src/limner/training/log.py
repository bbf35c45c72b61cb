"""The log of a run: one line of JSON per epoch, appended. Dashboards read it, training only writes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from limner.files import atomic_write, disk_errors


@dataclass(frozen=True)
class EpochRecord:
    """One epoch, as it is logged."""

    step: int
    """Steps made so far."""
    epoch: int
    """Epochs finished so far."""
    d_real: float
    """Mean over the epoch: the discriminator's cross-entropy on photos; 0.69 where it cannot tell."""
    d_fake: float
    """The same on paintings."""
    g_adversarial: float
    """The generator's adversarial cross-entropy."""
    g_l1: float
    """Mean absolute difference between painting and target, on the scale of -1..1."""
    held_out_l1: float | None
    """The same on up to 16 held-out pictures, without dropout; null where no picture is held out."""
    pictures_per_second: float
    """Over the steps of the epoch, and not what lies between them: see `StepTimer.pictures_per_second`."""
    seconds: float
    """Training time so far, over all sittings."""
    time: str
    """When, in UTC (ISO 8601)."""


class RunLog:
    """Appends to, reads and cuts `log.jsonl`. Raises LimnerError where the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, record: EpochRecord) -> None:
        """Add a line."""
        with disk_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def records(self) -> list[EpochRecord]:
        """All entries; a line that was cut off by a kill is passed over."""
        if not self._path.exists():
            return []
        found = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(EpochRecord(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    def truncate_after(self, step: int) -> None:
        """Drop what lies past a step: training goes on from there and will write it again."""
        kept = [json.dumps(asdict(entry)) + "\n" for entry in self.records() if entry.step <= step]
        if self._path.exists():
            atomic_write(self._path, "".join(kept))
