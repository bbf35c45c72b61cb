"""The training loop of the lab: batches, gradients, optimizer; evaluation after each epoch; checkpoints.

Every random number is a function of the seed and the step or epoch (`limner.seeding`): a resumed training
follows the curve of one that was never stopped, and the same seed gives the same curve, on one machine with
the same versions and number of threads.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from limner.errors import LimnerError
from limner.lab.augmentation import Augmentation, draw_augmentation
from limner.lab.history import EpochRecord
from limner.lab.objective import as_batch, evaluate
from limner.lab.optimizers import make_optimizers, set_rate
from limner.lab.options import CLASSIFY_TASK, LabSettings
from limner.lab.precision import autocast
from limner.lab.reporter import LabReporter
from limner.lab.schedules import rate_at
from limner.lab.state import LabState, is_finite, load_checkpoint, save_checkpoint
from limner.lab.task import Task
from limner.seeding import DROPOUT, SHUFFLE, derive_generator, derive_seed
from limner.training.signals import StopSignal

CHECKPOINT_SECONDS = 30.0

Stopped = Literal["epochs", "minutes", "patience", "diverged"]
"""Why a training ended."""

FLIPPED = ("fashion", "pictures", CLASSIFY_TASK)
"""Tasks whose pictures are also flipped: a mirrored digit is none."""


@dataclass(frozen=True)
class Budget:
    """When training stops before its epochs are over."""

    minutes: float | None = None
    """By the clock, over all sessions."""
    patience: int | None = None
    """Epochs without a better score on held-out examples."""


class TrainingDiverged(LimnerError):
    """The loss is no longer a number."""


class Trainer:
    """One training in one folder, which is resumed where it has a checkpoint."""

    def __init__(
        self, task: Task, settings: LabSettings, folder: Path, budget: Budget, reporter: LabReporter
    ) -> None:
        """Raises LimnerError where the folder's checkpoint is damaged, or of another training."""
        self.task, self.settings, self.folder, self.budget = task, settings, folder, budget
        self.reporter = reporter
        optimizers = make_optimizers(settings.optimizer, task.network, settings.lr, settings.weight_decay)
        self.state = LabState(task.network, optimizers)
        self.steps_per_epoch = steps_per_epoch(settings, task)
        self.steps = settings.epochs * self.steps_per_epoch
        load_checkpoint(folder, self.state, settings, task.examples.sha256)
        self._begin_session()

    def run(self) -> Stopped:
        """Train until an end is reached, and say which.

        Raises KeyboardInterrupt after Ctrl-C, when the checkpoint is written, and TrainingDiverged.
        """
        if self.state.counters.step:
            self.reporter.message(f"Resuming after step {self.state.counters.step:,} of {self.steps:,}.")
        self.task.network.train()
        with StopSignal(self.reporter.message) as signal:
            while (stopped := self._reason_to_stop()) is None:
                self._step()
                if signal.requested:
                    self._checkpoint()
                    raise KeyboardInterrupt
        self._checkpoint()
        return stopped

    def _begin_session(self) -> None:
        counters = self.state.counters
        self._clock = time.perf_counter() - counters.seconds
        self._cpu_clock = time.process_time() - counters.cpu_seconds
        self._checkpointed_at = time.perf_counter()
        self._session_start = (counters.seconds, counters.step)
        self._epoch = -1
        self._order: Tensor
        self._augmentation: Augmentation | None = None

    def _reason_to_stop(self) -> Stopped | None:
        counters, budget = self.state.counters, self.budget
        is_epoch_over = counters.step % self.steps_per_epoch == 0
        if budget.minutes is not None and counters.seconds >= 60 * budget.minutes and counters.step:
            if not self.state.history or self.state.history[-1].step != counters.step:
                self._end_epoch()
            return "minutes"
        if counters.step >= self.steps:
            return "epochs"
        if is_epoch_over and budget.patience is not None:
            waited = len(self.state.history) - counters.best_epoch
            if counters.best_epoch and waited >= budget.patience:
                return "patience"
        return None

    def _step(self) -> None:
        """One step, and what is due after it."""
        counters, settings = self.state.counters, self.settings
        self._enter_epoch(counters.step // self.steps_per_epoch)
        at = counters.step % self.steps_per_epoch * settings.batch
        indices = self._order[at : at + settings.batch]
        train = self.task.examples.train
        inputs, targets = train.inputs[indices], train.targets[indices]
        if self._augmentation is not None:
            inputs = self._augmentation.apply(inputs, indices)
        set_rate(self.state.optimizers, self._rate())
        torch.manual_seed(derive_seed(settings.seed, DROPOUT, counters.step))
        with autocast(settings.precision):
            outputs = self.task.network(as_batch(inputs)).float()
        loss = self.task.objective.loss(outputs, targets)
        for optimizer in self.state.optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.state.optimizers:
            optimizer.step()
        counters.loss_sum += float(loss.detach())
        counters.score_sum += self.task.objective.score(outputs.detach(), targets)
        counters.step += 1
        self._after_step(float(loss.detach()))

    def _after_step(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise divergence_error(self.state.counters.step)
        self.reporter.on_step(self.state.counters.step, self.steps)
        if self.state.counters.step % self.steps_per_epoch == 0:
            self._end_epoch()
        self._read_clocks()
        if time.perf_counter() - self._checkpointed_at > CHECKPOINT_SECONDS:
            self._checkpoint()

    def _enter_epoch(self, epoch: int) -> None:
        """Draw what is drawn once an epoch."""
        if epoch == self._epoch:
            return
        self._epoch = epoch
        inputs = self.task.examples.train.inputs
        seed, count = self.settings.seed, len(inputs)
        self._order = torch.randperm(count, generator=derive_generator(seed, SHUFFLE, epoch))
        if self.settings.augment and self.task.examples.classes:
            with_flips = self.settings.task in FLIPPED
            self._augmentation = draw_augmentation(
                count, seed, epoch, pixels=inputs.shape[-1], with_flips=with_flips
            )

    def _end_epoch(self) -> None:
        """Evaluate on held-out examples, record the epoch, keep the weights if they are the best."""
        counters = self.state.counters
        if not is_finite(self.task.network):
            raise divergence_error(counters.step)
        loss, score = evaluate(self.task.network, self.task.objective, self.task.examples.held_out)
        self._read_clocks()
        steps = (counters.step - 1) % self.steps_per_epoch + 1
        record = EpochRecord(
            epoch=len(self.state.history) + 1,
            step=counters.step,
            rate=self._rate(counters.step - 1),
            train_loss=counters.loss_sum / steps,
            train_score=counters.score_sum / steps,
            held_out_loss=loss,
            held_out_score=score,
            seconds=round(counters.seconds, 2),
            cpu_seconds=round(counters.cpu_seconds, 2),
        )
        counters.loss_sum = counters.score_sum = 0.0
        self.state.history.append(record)
        self.state.keep_best(record)
        self.reporter.on_epoch(record, self.task.objective.measure, self._seconds_left())

    def _rate(self, step: int | None = None) -> float:
        at = self.state.counters.step if step is None else step
        return self.settings.lr * rate_at(self.settings.schedule, at, self.steps)

    def _seconds_left(self) -> float:
        """An estimate, by the speed of this session."""
        counters = self.state.counters
        seconds, step = self._session_start
        speed = (counters.seconds - seconds) / max(counters.step - step, 1)
        left = (self.steps - counters.step) * speed
        if self.budget.minutes is not None:
            left = min(left, 60 * self.budget.minutes - counters.seconds)
        return max(left, 0.0)

    def _read_clocks(self) -> None:
        self.state.counters.seconds = time.perf_counter() - self._clock
        self.state.counters.cpu_seconds = time.process_time() - self._cpu_clock

    def _checkpoint(self) -> None:
        self._read_clocks()
        save_checkpoint(self.folder, self.state, self.settings, self.task.examples.sha256)
        self._checkpointed_at = time.perf_counter()


def steps_per_epoch(settings: LabSettings, task: Task) -> int:
    """Steps of an epoch: the last, incomplete batch is left out. Raises LimnerError where there is none."""
    count = len(task.examples.train.inputs)
    if settings.batch > count:
        raise LimnerError(f"--batch is {settings.batch}, but there are only {count:,} training examples.")
    return count // settings.batch


def divergence_error(step: int) -> TrainingDiverged:
    """The error of a loss or a weight that is no longer a number."""
    return TrainingDiverged(
        f"Training diverged: the loss is no longer a number after step {step:,}. Give a smaller --lr."
    )
