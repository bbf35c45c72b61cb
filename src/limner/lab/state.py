"""Everything that training changes, and its checkpoint: one safetensors file, written atomically.

The metadata holds the settings, the records and the counters as JSON. No file is ever unpickled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.lab.history import EpochRecord
from limner.lab.options import LabSettings
from limner.reading import parse_json
from limner.training.checkpoint import checksum, read_tensors

FORMAT = "1"
"""Version of the checkpoint; it changes with the meaning of the file."""

CHECKPOINT = "checkpoint.safetensors"


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
        found = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        found |= {f"best.{name}": value for name, value in self.best.items()}
        for number, optimizer in enumerate(self.optimizers):
            for index, slots in optimizer.state_dict()["state"].items():
                for name, value in slots.items():
                    if isinstance(value, Tensor):
                        found[f"optimizer.{number}.{index}.{name}"] = value
        return {name: value.detach().contiguous() for name, value in found.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Set everything to the tensors of a checkpoint of the same network and optimizer."""
        self.network.load_state_dict(_within("network.", tensors))
        self.best = _within("best.", tensors)
        for number, optimizer in enumerate(self.optimizers):
            slots: dict[int, dict[str, Tensor]] = {}
            for name, value in _within(f"optimizer.{number}.", tensors).items():
                index, _, slot = name.partition(".")
                slots.setdefault(int(index), {})[slot] = value
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": slots, "param_groups": groups})


def _within(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}


def save_checkpoint(folder: Path, state: LabState, settings: LabSettings, data: str) -> None:
    """Write the checkpoint of a folder. `data` is the digest of the examples. Raises LimnerError."""
    tensors = state.tensors()
    content = {
        "settings": settings.to_json(),
        "data": data,
        "counters": asdict(state.counters),
        "history": [asdict(record) for record in state.history],
    }
    metadata = {
        "limner.lab.checkpoint": FORMAT,
        "crc32": checksum(tensors),
        "content": json.dumps(content),
    }
    atomic_write(folder / CHECKPOINT, save(tensors, metadata))


def read_settings(folder: Path) -> dict[str, Any] | None:
    """The settings of the folder's checkpoint; None where there is none. Raises LimnerError as `load`."""
    read = _read(folder)
    return None if read is None else dict(read[1]["settings"])


def load_checkpoint(folder: Path, state: LabState, settings: LabSettings, data: str) -> None:
    """Load the folder's checkpoint into `state`, where there is one.

    Raises LimnerError where it is damaged, or of other settings or other data.
    """
    read = _read(folder)
    if read is None:
        return
    tensors, content = read
    if differing := settings.differences(content["settings"]):
        raise LimnerError(
            f"{printable(folder)} holds a training that differs in {', '.join(differing)}: give the same "
            "options to resume it, or another folder with --out."
        )
    if content["data"] != data:
        raise LimnerError(
            f"{printable(folder)} holds a training on other data: choose another folder with --out."
        )
    state.restore(tensors)
    state.counters = Counters(**content["counters"])
    state.history = [EpochRecord(**record) for record in content["history"]]


def _read(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    tensors, metadata = read_tensors(path)
    try:
        if metadata["limner.lab.checkpoint"] != FORMAT:
            raise LimnerError(f"{printable(path)} is of another version of limner: choose another --out.")
        if metadata["crc32"] != checksum(tensors):
            raise ValueError("its checksum is wrong")
        content: dict[str, Any] = parse_json(metadata["content"])
    except (KeyError, ValueError) as error:
        raise LimnerError(
            f"{printable(path)} is damaged ({error}): delete it, and training begins anew."
        ) from error
    return tensors, content


def is_finite(network: nn.Module) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(bool(torch.isfinite(weight).all()) for weight in network.parameters())
