"""How fast training goes, and when a checkpoint is due."""

from __future__ import annotations

import time
from collections import deque

MIN_INTERVAL, MAX_INTERVAL = 5.0, 60.0
"""Seconds between two checkpoints, at least and at most. Each writes a sheet of samples too."""

MAX_SLOW_INTERVAL = 300.0
"""Seconds between two checkpoints, at most, where writing one takes so long that `MAX_INTERVAL` would cost
more than a tenth of the time. A run that is killed loses no more than this and a step."""


class StepTimer:
    """Measures steps; `start_step`, `batch_ready` and `end_step` are called in each."""

    def __init__(self, batch: int, seconds: float) -> None:
        self._batch = batch
        self._start = time.perf_counter() - seconds
        self._recent: deque[tuple[float, float]] = deque(maxlen=50)  # seconds: preparing, whole step
        self._epoch_seconds = 0.0
        self._epoch_steps = 0
        self._checkpoint_ended = time.perf_counter()
        self._checkpoint_took = 0.0

    def start_step(self) -> None:
        """A step begins."""
        self._began = time.perf_counter()

    def batch_ready(self) -> None:
        """Its batch is there."""
        self._prepared = time.perf_counter()

    def end_step(self) -> None:
        """It is done, or on a GPU at least begun; the one that is waited for has the others' time."""
        now = time.perf_counter()
        self._recent.append((self._prepared - self._began, now - self._began))
        self._epoch_seconds += now - self._began
        self._epoch_steps += 1

    @property
    def seconds(self) -> float:
        """Training time, over all sittings."""
        return time.perf_counter() - self._start

    def checkpoint_due(self, epoch_over: bool) -> bool:
        """Whether it is time for a checkpoint and a sheet.

        Early on more often, as that is when most changes; at most a tenth of the time goes into it, but
        where a pause takes more than half a minute.
        """
        least = max(MIN_INTERVAL, min(10 * self._checkpoint_took, MAX_SLOW_INTERVAL))
        wait = least if epoch_over else max(min(self.seconds / 4, MAX_INTERVAL), least)
        return time.perf_counter() - self._checkpoint_ended > wait

    def checkpointed(self, began: float) -> None:
        """A pause that began at that `perf_counter` is over."""
        self._checkpoint_ended = time.perf_counter()
        self._checkpoint_took = self._checkpoint_ended - began

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
    def data_fraction(self) -> float:
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
