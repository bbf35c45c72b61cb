"""Checkpoints: everything that training changes, in one safetensors file, written atomically.

```
checkpoints/step-00001234.safetensors
    tensors   generator.*, average.*, discriminator.*, generator_adam.*, discriminator_adam.*, sums
    metadata  limner.checkpoint, step, epoch, position, seconds, scaler, recipe, pictures, crc32
```

The format is safetensors and not that of torch.save: any program can read it, and reading runs no code from
it. safetensors has no checksum, and a power cut can leave files of the right length full of zeros: hence
the crc32.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from limner.data.loader import Position
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.recipe import Recipe
from limner.training.state import TrainState

FORMAT = "4"
"""Version of the format; it changes with the meaning of the files."""

MAX_KEPT = 2
"""Checkpoints that are kept; the second serves where the newest cannot be read."""


class DamagedCheckpoint(LimnerError):
    """A checkpoint that cannot be read; an earlier one may be intact."""


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, newest first; copies of other names are a person's."""
    files = folder.glob("step-*.safetensors")
    return sorted((path for path in files if path.stem.removeprefix("step-").isdecimal()), reverse=True)


def save_checkpoint(folder: Path, state: TrainState, recipe: Recipe, pictures: str) -> Path:
    """Write a checkpoint, then delete all but the last `MAX_KEPT`. `pictures` is the digest of the store.

    Raises LimnerError where it cannot be written; the earlier checkpoints are then unchanged.
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
    """Load the newest intact checkpoint into `state`; returns its metadata, or None without checkpoints.

    `message` receives a sentence about each damaged checkpoint that is skipped. Raises LimnerError where
    all are damaged, or the newest intact one has another recipe or version.
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
            message(f"{sentence} Training resumes from an earlier one, at step {metadata['step']}.")
        return metadata
    if found:
        raise LimnerError(
            f"{' '.join(damaged)} No intact checkpoint is left: start a new run in another folder."
        )
    return None


def load_checkpoint(path: Path, state: TrainState, recipe: Recipe) -> dict[str, str]:
    """Load a checkpoint into `state` and return its metadata.

    Raises DamagedCheckpoint where the file is damaged, and LimnerError where it has another recipe or
    version. `state` is then unchanged.
    """
    tensors, metadata = read_checkpoint(path)
    if differing := Recipe.from_json(metadata["recipe"]).differences(recipe):
        raise LimnerError(f"{path} has another recipe: it differs in {', '.join(differing)}.")
    current = state.tensors()
    check_networks_match(path, current, tensors)
    with torch.no_grad():
        for name, tensor in current.items():
            tensor.copy_(tensors[name])
    state.position = Position(*(int(metadata[name]) for name in ("step", "epoch", "position")))
    state.seconds = float(metadata["seconds"])
    state.scaler.load_state_dict(json.loads(metadata["scaler"]))
    return metadata


def check_networks_match(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Raise LimnerError where the names or shapes of a checkpoint's tensors are not those expected."""
    if {name: t.shape for name, t in expected.items()} != {name: t.shape for name, t in found.items()}:
        raise LimnerError(
            f"{path} holds networks that this version of limner does not make: use the version that "
            "wrote it, or start a new run."
        )


def read_checkpoint(path: Path, prefix: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors whose names start with `prefix`, and the metadata; the whole file is checked first."""
    tensors, metadata = read_tensors(path)
    if (version := metadata.get("limner.checkpoint")) != FORMAT:
        raise LimnerError(
            f"{path} is a checkpoint of format {version}, and this limner reads format {FORMAT}: "
            "use the version that wrote it."
        )
    if metadata.get("crc32") != checksum(tensors):
        raise DamagedCheckpoint(f"{path} is damaged (its checksum is wrong).")
    return {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}, metadata


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file. Raises DamagedCheckpoint."""
    try:
        with path.open("rb") as opened, safe_open(_utf8_path(path, opened), "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DamagedCheckpoint(f"{path} is damaged ({error}).") from error


def _utf8_path(path: Path, opened: BinaryIO) -> Path:
    """A path for safetensors, which takes only UTF-8: where `path` has other bytes, the descriptor's."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return Path(f"/dev/fd/{opened.fileno()}")
    return path


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """crc32 of all names and values, in the order of the names."""
    crc = 0
    for name in sorted(tensors):
        crc = zlib.crc32(tensors[name].reshape(-1).numpy().data, zlib.crc32(name.encode(), crc))
    return f"{crc:08x}"


def is_all_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether no value is NaN or infinite."""
    return bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all())
