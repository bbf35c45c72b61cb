"""Step timing: the throughput of training, and when a checkpoint is due."""

from __future__ import annotations

import time
from collections import deque

MIN_INTERVAL, MAX_INTERVAL = 5.0, 60.0
"""Least and most seconds between two checkpoints. Each checkpoint also writes a sheet of samples."""

MAX_SLOW_INTERVAL = 300.0
"""Most seconds between two checkpoints where writing one takes so long that `MAX_INTERVAL` would cost more
than a tenth of the time. A run that is killed loses at most this time and one step."""


class StepTimer:
    """Measures steps; each step calls `start_step`, `end_preparing` and `end_step`."""

    def __init__(self, batch: int, seconds: float) -> None:
        self._batch = batch
        self._start = time.perf_counter() - seconds
        self._recent: deque[tuple[float, float]] = deque(maxlen=50)  # seconds: preparing, whole step
        self._epoch_seconds = 0.0
        self._epoch_steps = 0
        self._checkpoint_end = time.perf_counter()
        self._checkpoint_seconds = 0.0

    def start_step(self) -> None:
        """The step begins."""
        self._step_start = time.perf_counter()

    def end_preparing(self) -> None:
        """The batch of the step is ready."""
        self._preparing_end = time.perf_counter()

    def end_step(self) -> None:
        """The step is finished, or on a GPU only launched; the next step that waits includes its time."""
        now = time.perf_counter()
        self._recent.append((self._preparing_end - self._step_start, now - self._step_start))
        self._epoch_seconds += now - self._step_start
        self._epoch_steps += 1

    @property
    def seconds(self) -> float:
        """Training time over all sessions."""
        return time.perf_counter() - self._start

    def checkpoint_due(self, epoch_over: bool) -> bool:
        """Whether a checkpoint and a sheet are due.

        Checkpoints are more frequent at first, when most changes. They take at most a tenth of the time,
        unless one takes more than half a minute.
        """
        minimum = max(MIN_INTERVAL, min(10 * self._checkpoint_seconds, MAX_SLOW_INTERVAL))
        interval = minimum if epoch_over else max(min(self.seconds / 4, MAX_INTERVAL), minimum)
        return time.perf_counter() - self._checkpoint_end > interval

    def end_checkpoint(self, start: float) -> None:
        """A checkpoint that started at `start` (by `perf_counter`) is written."""
        self._checkpoint_end = time.perf_counter()
        self._checkpoint_seconds = self._checkpoint_end - start

    @property
    def seconds_per_step(self) -> float:
        """Mean duration of the last 50 steps; 0 before the first."""
        return sum(whole for _, whole in self._recent) / max(len(self._recent), 1)

    @property
    def pictures_per_second(self) -> float:
        """Throughput of the last 50 steps: preparing a batch, learning from it, waiting for the device.

        The work between steps is left out: statistics, held-out pictures, checkpoints, sheets.
        """
        return self._batch / self.seconds_per_step if self._recent else 0.0

    @property
    def data_fraction(self) -> float:
        """Share of the last 50 steps that was spent on preparing their batches."""
        total = sum(whole for _, whole in self._recent)
        return sum(preparing for preparing, _ in self._recent) / total if total else 0.0

    def close_epoch(self) -> float:
        """End the epoch; returns its throughput, measured as in `pictures_per_second`.

        Only the part of the epoch in this session counts.
        """
        speed = self._batch * self._epoch_steps / max(self._epoch_seconds, 1e-9)
        self._epoch_seconds, self._epoch_steps = 0.0, 0
        return speed
