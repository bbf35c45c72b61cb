"""How fast training goes, and when a checkpoint is due."""

from __future__ import annotations

import time
from collections import deque

SHORT, LONG = 5.0, 60.0
"""Seconds, at least and at most, between pauses in which a checkpoint and a sheet are written."""

LONGEST = 300.0
"""The same where a pause takes so long that `LONG` would cost more than a tenth of the time: a cut loses
no more than this and a step."""


class Pace:
    """Measures steps; `begin`, `prepared` and `stepped` are called in each."""

    def __init__(self, batch: int, seconds: float) -> None:
        self._batch = batch
        self._start = time.perf_counter() - seconds
        self._recent: deque[tuple[float, float]] = deque(maxlen=50)  # seconds: preparing, whole step
        self._epoch_seconds = 0.0
        self._epoch_steps = 0
        self._pause_ended = time.perf_counter()
        self._pause_took = 0.0

    def begin(self) -> None:
        """A step begins."""
        self._began = time.perf_counter()

    def prepared(self) -> None:
        """Its batch is there."""
        self._prepared = time.perf_counter()

    def stepped(self) -> None:
        """It is done, or on a GPU at least begun; the one that is waited for has the others' time."""
        now = time.perf_counter()
        self._recent.append((self._prepared - self._began, now - self._began))
        self._epoch_seconds += now - self._began
        self._epoch_steps += 1

    @property
    def seconds(self) -> float:
        """Training time, over all sittings."""
        return time.perf_counter() - self._start

    def pause_due(self, epoch_over: bool) -> bool:
        """Whether it is time for a checkpoint and a sheet.

        Early on more often, as that is when most changes; at most a tenth of the time goes into it, but
        where a pause takes more than half a minute.
        """
        least = max(SHORT, min(10 * self._pause_took, LONGEST))
        wait = least if epoch_over else max(min(self.seconds / 4, LONG), least)
        return time.perf_counter() - self._pause_ended > wait

    def paused(self, began: float) -> None:
        """A pause that began at that `perf_counter` is over."""
        self._pause_ended = time.perf_counter()
        self._pause_took = self._pause_ended - began

    @property
    def per_step(self) -> float:
        """Seconds of a step, lately; 0 before the first."""
        return sum(whole for _, whole in self._recent) / max(len(self._recent), 1)

    @property
    def pictures_per_second(self) -> float:
        """Lately, of steps alone: preparing a batch, learning from it, waiting for the device.

        Not what lies between steps: statistics, held-out pictures, checkpoints, sheets.
        """
        return self._batch / self.per_step if self._recent else 0.0

    @property
    def preparing(self) -> float:
        """Share of the steps, lately, that went into preparing their batches."""
        whole = sum(whole for _, whole in self._recent)
        return sum(preparing for preparing, _ in self._recent) / whole if whole else 0.0

    def close_epoch(self) -> float:
        """Pictures per second over the epoch (or the part of it in this sitting), which ends here.

        Counted as in `pictures_per_second`.
        """
        speed = self._batch * self._epoch_steps / max(self._epoch_seconds, 1e-9)
        self._epoch_seconds, self._epoch_steps = 0.0, 0
        return speed
