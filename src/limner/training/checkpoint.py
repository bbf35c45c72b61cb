"""Checkpoints: all that training changes, in one safetensors file, whole and checked.

```
checkpoints/step-00001234.safetensors
    tensors   generator.*, discriminator.*, generator_adam.*, discriminator_adam.*, sums
    metadata  limner.checkpoint, step, epoch, position, seconds, scaler, recipe, pictures, crc32
```

safetensors and not torch.save: any program reads it, none runs code from it. It has no checksum of its
own, and a disk that lost its power leaves files of the right length full of zeros: hence the crc32.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from limner.data.loader import Position
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.recipe import Recipe
from limner.training.state import TrainState

FORMAT = "1"
"""Changes with the meaning of the files."""

MAX_KEPT = 2
"""Checkpoints that stay; the second in case that the newest cannot be read."""


class DamagedCheckpoint(LimnerError):
    """A checkpoint that cannot be read; an earlier one may be good."""


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, newest first."""
    return sorted(folder.glob("step-*.safetensors"), reverse=True)


def save_checkpoint(folder: Path, state: TrainState, recipe: Recipe, pictures: str) -> Path:
    """Write a checkpoint, then delete all but the last `MAX_KEPT`. `pictures` is the digest of the store.

    Raises LimnerError where the disk does not take it; the earlier ones are then as they were.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors().items()}
    metadata = {
        "limner.checkpoint": FORMAT,
        "step": str(state.position.step),
        "epoch": str(state.position.epoch),
        "position": str(state.position.epoch_step),
        "seconds": repr(state.seconds),
        "scaler": json.dumps(state.scaler.state_dict()),
        "recipe": recipe.to_json(),
        "pictures": pictures,
        "crc32": checksum(tensors),
    }
    path = folder / f"step-{state.position.step:08}.safetensors"
    atomic_write(path, save(tensors, metadata))
    for old in list_checkpoints(folder)[MAX_KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load_newest(
    folder: Path, state: TrainState, recipe: Recipe, message: Callable[[str], None]
) -> dict[str, str] | None:
    """Bring `state` to the newest good checkpoint; returns its metadata, or None where there is none.

    `message` is told about a damaged one that is passed over. Raises LimnerError where all are damaged or
    the newest good one is of another recipe or version.
    """
    found = list_checkpoints(folder)
    damaged: list[str] = []
    for path in found:
        try:
            metadata = load_checkpoint(path, state, recipe)
        except DamagedCheckpoint as error:
            damaged.append(str(error))
            continue
        for sentence in damaged:
            message(f"{sentence} Training goes on from the one before, at step {metadata['step']}.")
        return metadata
    if found:
        raise LimnerError(f"{' '.join(damaged)} No good one is left: start a new run in another folder.")
    return None


def load_checkpoint(path: Path, state: TrainState, recipe: Recipe) -> dict[str, str]:
    """Bring `state` to a checkpoint and return its metadata.

    Raises DamagedCheckpoint where the file is not whole, LimnerError where it is of another recipe or
    version. `state` is then unchanged.
    """
    tensors, metadata = read_checkpoint(path)
    if differing := Recipe.from_json(metadata["recipe"]).differences(recipe):
        raise LimnerError(f"{path} is of another recipe: it differs in {', '.join(differing)}.")
    own = state.tensors()
    check_networks_match(path, own, tensors)
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(tensors[name])
    state.position = Position(*(int(metadata[name]) for name in ("step", "epoch", "position")))
    state.seconds = float(metadata["seconds"])
    state.scaler.load_state_dict(json.loads(metadata["scaler"]))
    return metadata


def check_networks_match(path: Path, own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Raise LimnerError where a checkpoint's tensors have not the names and shapes of our own."""
    if {name: t.shape for name, t in own.items()} != {name: t.shape for name, t in found.items()}:
        raise LimnerError(
            f"{path} holds other networks than this version of limner makes: go on with the version "
            "that wrote it, or start a new run."
        )


def read_checkpoint(path: Path, prefix: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors whose names start with `prefix`, and the metadata, after checking the whole file."""
    try:
        with safe_open(path, "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DamagedCheckpoint(f"{path} is damaged ({error}).") from error
    if (version := metadata.get("limner.checkpoint")) != FORMAT:
        raise LimnerError(
            f"{path} is a checkpoint of format {version}, and this limner reads format {FORMAT}: "
            "use the version that wrote it."
        )
    if metadata.get("crc32") != checksum(tensors):
        raise DamagedCheckpoint(f"{path} is damaged (its checksum is wrong).")
    return {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}, metadata


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """crc32 of all names and values, in the order of the names."""
    crc = 0
    for name in sorted(tensors):
        crc = zlib.crc32(tensors[name].reshape(-1).numpy().data, zlib.crc32(name.encode(), crc))
    return f"{crc:08x}"


def is_all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether no value is infinite or not a number."""
    return bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all())
