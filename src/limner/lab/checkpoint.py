"""A training's checkpoint in the lab: one safetensors file, written atomically.

The metadata holds settings, records and counters as JSON. No file is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.reading import parse_json
from limner.training.checkpoint import checksum, read_tensors

FORMAT = "1"
"""Version of the checkpoint; it changes with the meaning of the file."""

CHECKPOINT = "checkpoint.safetensors"


def write_checkpoint(folder: Path, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> None:
    """Write the checkpoint of a folder: tensors by name, and plain values. Raises LimnerError."""
    own = {name: value.detach().contiguous() for name, value in tensors.items()}
    metadata = {
        "limner.lab.checkpoint": FORMAT,
        "crc32": checksum(own),
        "content": json.dumps(content),
    }
    atomic_write(folder / CHECKPOINT, save(own, metadata))


def read_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The folder's tensors and plain values; None where there is none. Raises LimnerError if damaged."""
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


def check_same_training(folder: Path, differing: Sequence[str], *, has_same_data: bool) -> None:
    """Raise LimnerError where a folder's checkpoint is of other settings, named, or of other data."""
    if differing:
        raise LimnerError(
            f"{printable(folder)} holds a training that differs in {', '.join(differing)}: give the same "
            "options to resume it, or another folder with --out."
        )
    if not has_same_data:
        raise LimnerError(
            f"{printable(folder)} holds a training on other data: choose another folder with --out."
        )


def optimizer_tensors(optimizers: Sequence[Optimizer]) -> dict[str, Tensor]:
    """What optimizers have gathered, by name."""
    return {
        f"optimizer.{number}.{index}.{name}": value
        for number, optimizer in enumerate(optimizers)
        for index, slots in optimizer.state_dict()["state"].items()
        for name, value in slots.items()
        if isinstance(value, Tensor)
    }


def restore_optimizers(optimizers: Sequence[Optimizer], tensors: Mapping[str, Tensor]) -> None:
    """Set optimizers to what `optimizer_tensors` gave of the same ones."""
    for number, optimizer in enumerate(optimizers):
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors_within(f"optimizer.{number}.", tensors).items():
            index, _, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = value
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})


def tensors_within(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)}
