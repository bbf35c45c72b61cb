"""Checkpoints of short trainings, such as keyframe painting: safetensors, as those of `checkpoint.py`.

```
step-00001234.safetensors
    tensors   network.*, average.*, network_adam.*, and those of the discriminator where there is one
    metadata  limner.keyframe (or another kind of training), step, seconds, recipe, pictures, crc32
```
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import save
from torch import Tensor

from limner.errors import LimnerError
from limner.files import atomic_write
from limner.reading import parse_json
from limner.training.checkpoint import (
    MAX_KEPT,
    DamagedCheckpoint,
    check_networks_match,
    checksum,
    list_checkpoints,
    read_tensors,
)

FORMAT = "1"


class ShortState(Protocol):
    """All that a short training changes."""

    step: int
    seconds: float

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor, by a name that begins with its owner."""


class ShortRecipe(Protocol):
    """The settings of a short training."""

    def to_json(self) -> str:
        """The settings as JSON."""

    def differences(self, other: dict[str, object]) -> list[str]:
        """The settings in which a saved recipe differs, its value first."""


def check_folder(folder: Path) -> None:
    """Raise LimnerError where `folder` holds anything but checkpoints; hidden files do not count."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(
            f"{folder} is a file, and the training needs a folder of that name: choose another --out."
        )
    ours = set(list_checkpoints(folder))
    entries = folder.iterdir() if folder.exists() else ()
    if foreign := [entry.name for entry in entries if entry not in ours and not entry.name.startswith(".")]:
        raise LimnerError(
            f"{folder} holds what limner did not write ({min(foreign)}), and the training needs a folder "
            "of that name: choose another --out."
        )


def save_checkpoint(
    folder: Path, state: ShortState, recipe: ShortRecipe, pictures: str, *, kind: str = "keyframe"
) -> None:
    """Write a checkpoint, then delete all but the last `MAX_KEPT`. `pictures` is the pictures' digest.

    Raises LimnerError where it cannot be written; the earlier checkpoints are then unchanged.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors().items()}
    metadata = {
        f"limner.{kind}": FORMAT,
        "step": str(state.step),
        "seconds": repr(state.seconds),
        "recipe": recipe.to_json(),
        "pictures": pictures,
        "crc32": checksum(tensors),
    }
    atomic_write(folder / f"step-{state.step:08}.safetensors", save(tensors, metadata))
    for old in list_checkpoints(folder)[MAX_KEPT:]:
        old.unlink(missing_ok=True)


def load_newest(
    folder: Path,
    state: ShortState,
    recipe: ShortRecipe,
    pictures: str,
    message: Callable[[str], None],
    *,
    kind: str = "keyframe",
) -> bool:
    """Load the newest intact checkpoint into `state`; false where there is none.

    `message` receives a sentence about each damaged one. Raises LimnerError where it is of other pictures
    or settings.
    """
    for path in list_checkpoints(folder):
        try:
            tensors, metadata = _read(path, kind)
        except DamagedCheckpoint as error:
            message(f"{error} An earlier one is used, or training begins anew.")
            continue
        again = f"To begin anew, delete {folder} or choose another --out."
        if metadata["pictures"] != pictures:
            raise LimnerError(f"The training in {folder} learned from other pictures. {again}")
        if differing := recipe.differences(parse_json(metadata["recipe"])):
            raise LimnerError(
                f"The training in {folder} has other settings: its {', '.join(differing)}. Give the same "
                f"values to resume it. {again}"
            )
        current = state.tensors()
        check_networks_match(path, current, tensors)
        with torch.no_grad():
            for name, tensor in current.items():
                tensor.copy_(tensors[name])
        state.step, state.seconds = int(metadata["step"]), float(metadata["seconds"])
        return True
    return False


def _read(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    tensors, metadata = read_tensors(path)
    if metadata.get(f"limner.{kind}") != FORMAT:
        raise LimnerError(f"{path} is no checkpoint of this version's {kind}s: choose another --out.")
    if metadata.get("crc32") != checksum(tensors):
        raise DamagedCheckpoint(f"{path} is damaged (its checksum is wrong).")
    return tensors, metadata
