"""The folder of one training: what may be in it before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limner.display import printable
from limner.errors import LimnerError
from limner.files import disk_errors
from limner.lab.checkpoint import CHECKPOINT
from limner.lab.record import FILE
from limner.system_files import is_system_name


def check_folder(out: Path) -> None:
    """Raise LimnerError where the folder holds what no training of the lab left."""
    with disk_errors(out):
        names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if names & {CHECKPOINT, FILE} or all(is_system_name(name) for name in names):
        return
    raise LimnerError(f"{printable(out)} holds other files: choose another folder with --out.")


def check_same_record(out: Path, differing: Sequence[str], *, has_same_data: bool = True) -> None:
    """Raise LimnerError where the folder's finished training has other settings, named, or other data."""
    if differing:
        raise LimnerError(
            f"{printable(out)} holds a training that differs in {', '.join(differing)}: choose another "
            "folder with --out."
        )
    if not has_same_data:
        raise LimnerError(
            f"{printable(out)} holds a training on other data, such as pictures that were added or renamed "
            "since: choose another folder with --out."
        )
