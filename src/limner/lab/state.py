"""Everything that training changes, and how it is kept in the checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from limner.lab.checkpoint import (
    check_same_training,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizers,
    tensors_within,
    write_checkpoint,
)
from limner.lab.history import EpochRecord
from limner.lab.options import LabSettings


@dataclass
class Counters:
    """The numbers that training changes."""

    step: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    loss_sum: float = 0.0
    """Of the current epoch's steps, as the next one."""
    score_sum: float = 0.0
    best_score: float | None = None
    """The best score on held-out examples so far; its weights are kept."""
    best_epoch: int = 0


@dataclass
class LabState:
    """A training as of a step."""

    network: nn.Module
    optimizers: list[Optimizer]
    counters: Counters = field(default_factory=Counters)
    history: list[EpochRecord] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    """The network's weights and statistics after its best epoch."""

    def keep_best(self, record: EpochRecord) -> None:
        """Keep the weights if they are the best so far on held-out examples."""
        best = self.counters.best_score
        if best is None or record.held_out_score > best:
            self.counters.best_score, self.counters.best_epoch = record.held_out_score, record.epoch
            self.best = {name: value.clone() for name, value in self.network.state_dict().items()}

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name."""
        network = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        best = {f"best.{name}": value for name, value in self.best.items()}
        return network | best | optimizer_tensors(self.optimizers)

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Set everything to the tensors of a checkpoint of the same network and optimizer."""
        self.network.load_state_dict(tensors_within("network.", tensors))
        self.best = tensors_within("best.", tensors)
        restore_optimizers(self.optimizers, tensors)


def save_checkpoint(folder: Path, state: LabState, settings: LabSettings, data: str) -> None:
    """Write the checkpoint of a folder. `data` is the digest of the examples. Raises LimnerError."""
    content = {
        "settings": settings.to_json(),
        "data": data,
        "counters": asdict(state.counters),
        "history": [asdict(record) for record in state.history],
    }
    write_checkpoint(folder, state.tensors(), content)


def read_settings(folder: Path) -> dict[str, Any] | None:
    """The settings of the folder's checkpoint; None where there is none. Raises LimnerError as `load`."""
    read = read_checkpoint(folder)
    return None if read is None else dict(read[1]["settings"])


def load_checkpoint(folder: Path, state: LabState, settings: LabSettings, data: str) -> None:
    """Load the folder's checkpoint into `state`, where there is one.

    Raises LimnerError where it is damaged, or of other settings or other data.
    """
    read = read_checkpoint(folder)
    if read is None:
        return
    tensors, content = read
    differing = settings.differences(content["settings"])
    check_same_training(folder, differing, has_same_data=content["data"] == data)
    state.restore(tensors)
    state.counters = Counters(**content["counters"])
    state.history = [EpochRecord(**record) for record in content["history"]]


def is_finite(network: nn.Module) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(weight).all()) for weight in network.parameters())
