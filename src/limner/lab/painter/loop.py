"""The painter's training: pixels of one picture, gradients, optimizer; checkpoints.

The pixels of a step are a function of the seed and the step, so a resumed training follows the curve of one
that was never stopped. They are not those of the page, which draws its own on the device.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import mse_loss
from torch.optim import Adam, Optimizer

from limner.display import printable, readable_duration
from limner.errors import LimnerError
from limner.lab.checkpoint import (
    check_same_training,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizers,
    tensors_within,
    write_checkpoint,
)
from limner.lab.loop import CHECKPOINT_SECONDS, divergence_error
from limner.lab.optimizers import make_optimizers
from limner.lab.painter.history import PainterRecord, psnr_of
from limner.lab.painter.initial_weights import draw_weights
from limner.lab.painter.options import PainterSettings
from limner.lab.painter.picture import Picture
from limner.lab.painter.reporter import PainterReporter
from limner.lab.state import is_finite
from limner.networks.pixel_network import PixelNetwork, make_architecture
from limner.seeding import SHUFFLE, derive_generator
from limner.training.signals import StopSignal

RECORD_EVERY = 100
"""Steps between two records."""

SENTENCES = 20
"""At most so many are said of a training, besides the bar."""

EPSILON = 1e-15
"""Adam's, as in the page: gradients of nodes of a grid are small, and the usual epsilon would slow them."""

CHUNK = 1 << 14
"""Pixels that are measured at once."""

Stopped = Literal["steps", "minutes"]
"""Why a training ended."""


@dataclass
class Counters:
    """The numbers that training changes."""

    step: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    loss_sum: float = 0.0
    """Of the steps since the last record."""


@dataclass
class PainterState:
    """A training as of a step."""

    network: PixelNetwork
    optimizers: list[Optimizer]
    counters: Counters = field(default_factory=Counters)
    history: list[PainterRecord] = field(default_factory=list)


class PainterTrainer:
    """One training in one folder, which is resumed where it has a checkpoint."""

    def __init__(
        self,
        picture: Picture,
        settings: PainterSettings,
        folder: Path,
        *,
        steps: int,
        minutes: float | None,
        reporter: PainterReporter,
    ) -> None:
        """`minutes` is the most that training takes, over all sessions.

        Raises LimnerError where the folder's checkpoint is damaged, of another training, or further.
        """
        self.picture, self.settings, self.folder = picture, settings, folder
        self.steps, self.minutes, self.reporter = steps, minutes, reporter
        self.state = make_state(settings)
        self.first_error = measure_error(self.state.network, picture)
        self._load()
        counters = self.state.counters
        self._clock = time.perf_counter() - counters.seconds
        self._cpu_clock = time.process_time() - counters.cpu_seconds
        self._checkpointed_at = time.perf_counter()
        self._session_start = (counters.seconds, counters.step)

    @property
    def is_finished(self) -> bool:
        """Whether no step is left, by the steps or the minutes."""
        return self._reason_to_stop() is not None

    def run(self) -> Stopped:
        """Train until an end is reached, and say which.

        Raises KeyboardInterrupt after Ctrl-C, when the checkpoint is written, and TrainingDiverged.
        """
        if self.state.counters.step:
            self.reporter.message(f"Resuming after step {self.state.counters.step:,} of {self.steps:,}.")
        with StopSignal(self.reporter.message) as signal:
            while (stopped := self._reason_to_stop()) is None:
                self._step()
                if signal.requested:
                    self._checkpoint()
                    raise KeyboardInterrupt
        if not is_finite(self.state.network):
            raise divergence_error(self.state.counters.step)
        self._record()
        self._checkpoint()
        return stopped

    def _load(self) -> None:
        if (read := read_checkpoint(self.folder)) is None:
            return
        tensors, content = read
        differing = self.settings.differences(content["settings"])
        check_same_training(self.folder, differing, has_same_data=content["data"] == self.picture.sha256)
        self.state.network.load_state_dict(tensors_within("network.", tensors))
        restore_optimizers(self.state.optimizers, tensors)
        self.state.counters = Counters(**content["counters"])
        self.state.history = [PainterRecord(**record) for record in content["history"]]
        if self.state.counters.step > self.steps:
            raise LimnerError(
                f"{printable(self.folder)} holds a training of {self.state.counters.step:,} steps already, "
                f"more than {self.steps:,}: give more --steps, or another folder with --out."
            )

    def _reason_to_stop(self) -> Stopped | None:
        counters = self.state.counters
        if counters.step >= self.steps:
            return "steps"
        if self.minutes is not None and counters.step and counters.seconds >= 60 * self.minutes:
            return "minutes"
        return None

    def _step(self) -> None:
        """One step, and what is due after it."""
        counters = self.state.counters
        indices = draw_pixels(self.settings, len(self.picture.places), counters.step)
        colours = self.state.network(self.picture.places[indices])
        loss = mse_loss(colours, self.picture.colours[indices])
        for optimizer in self.state.optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.state.optimizers:
            optimizer.step()
        counters.step += 1
        error = float(loss.detach())
        if not math.isfinite(error):
            raise divergence_error(counters.step)
        counters.loss_sum += error
        self._read_clocks()
        self.reporter.on_step(counters.step, self.steps)
        if counters.step % RECORD_EVERY == 0:
            self._record()
        if time.perf_counter() - self._checkpointed_at > CHECKPOINT_SECONDS:
            self._checkpoint()

    def _record(self) -> None:
        """Record the steps since the last record, if there are any, and say so now and then."""
        counters, history = self.state.counters, self.state.history
        before = history[-1].step if history else 0
        if counters.step == before:
            return
        loss = counters.loss_sum / (counters.step - before)
        counters.loss_sum = 0.0
        seconds = round(counters.seconds, 2), round(counters.cpu_seconds, 2)
        history.append(PainterRecord(counters.step, loss, round(psnr_of(loss), 3), *seconds))
        every = RECORD_EVERY * math.ceil(self.steps / (SENTENCES * RECORD_EVERY))
        if counters.step // every > before // every:
            left = readable_duration(self._seconds_left())
            self.reporter.message(
                f"step {counters.step:,}: {history[-1].psnr:.2f} dB (loss {loss:.5f}); "
                f"{readable_duration(counters.seconds)} so far, {left} left"
            )

    def _seconds_left(self) -> float:
        """An estimate, by the speed of this session."""
        counters = self.state.counters
        seconds, step = self._session_start
        speed = (counters.seconds - seconds) / max(counters.step - step, 1)
        left = (self.steps - counters.step) * speed
        if self.minutes is not None:
            left = min(left, 60 * self.minutes - counters.seconds)
        return max(left, 0.0)

    def _read_clocks(self) -> None:
        self.state.counters.seconds = time.perf_counter() - self._clock
        self.state.counters.cpu_seconds = time.process_time() - self._cpu_clock

    def _checkpoint(self) -> None:
        network = {f"network.{name}": value for name, value in self.state.network.state_dict().items()}
        content = {
            "settings": self.settings.to_json(),
            "data": self.picture.sha256,
            "counters": asdict(self.state.counters),
            "history": [asdict(record) for record in self.state.history],
        }
        write_checkpoint(self.folder, network | optimizer_tensors(self.state.optimizers), content)
        self._checkpointed_at = time.perf_counter()


def make_state(settings: PainterSettings) -> PainterState:
    """The network with its first weights, and its optimizers."""
    architecture = make_architecture(settings.net, settings.depth, settings.width, settings.act)
    network = PixelNetwork(architecture)
    network.load_state_dict(draw_weights(architecture, settings.seed))
    network.freeze(settings.frozen)
    if settings.optimizer == "adam":
        learned = [weight for weight in network.parameters() if weight.requires_grad]
        return PainterState(network, [Adam(learned, lr=settings.lr, eps=EPSILON)])
    return PainterState(network, make_optimizers(settings.optimizer, network, settings.lr, None))


def draw_pixels(settings: PainterSettings, count: int, step: int) -> Tensor | slice:
    """The pixels of a step: by chance, or all of them where the batch is as large as the picture."""
    if settings.batch >= count:
        return slice(None)
    return torch.randint(count, (settings.batch,), generator=derive_generator(settings.seed, SHUFFLE, step))


def measure_error(network: PixelNetwork, picture: Picture) -> float:
    """The mean squared error of the painting over all pixels of the picture."""
    with torch.no_grad():
        sums = [
            mse_loss(network(places), colours, reduction="sum").double()
            for places, colours in zip(
                torch.split(picture.places, CHUNK), torch.split(picture.colours, CHUNK), strict=True
            )
        ]
    return float(torch.stack(sums).sum()) / picture.colours.numel()
