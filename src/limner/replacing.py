"""Which files may be written or replaced, asked before any work for them is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from limner.display import printable
from limner.errors import LimnerError
from limner.files import disk_errors


def check_replaceable(
    path: Path,
    is_ours: Callable[[Path], bool],
    *,
    force: bool,
    foreign: str = "holds what limner did not write",
) -> None:
    """Raise LimnerError where a file must not be written to `path`, before any work for it is done.

    A file is replaced if limner wrote it, which `is_ours` says of a regular file. With `force` any file is
    replaced; a folder never is. Of a link, the file that it leads to is meant. `foreign` is what the
    sentence says of a file that is not ours.
    """
    check_place(path)
    if force or not os.path.lexists(path):
        return
    with suppress(OSError):  # what cannot be read is not known to be limner's
        if path.is_file() and is_ours(path):
            return
    raise LimnerError(f"{printable(path)} {foreign}: choose another place, or add --force to replace it.")


def check_place(path: Path) -> None:
    """Raise LimnerError where no file can be at `path`: a folder is there, or a file is in its way."""
    with disk_errors(path):
        if path.is_dir():
            raise LimnerError(
                f"{printable(path)} is a folder, but a file is to be written: choose another name."
            )
        parent = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
        if not parent.is_dir():
            raise LimnerError(
                f"{printable(path)} cannot be written: {printable(parent)} is not a folder. Choose another "
                "place."
            )


def check_no_source(outputs: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise LimnerError where an output is also a source, be it by a link or by another spelling.

    `sources`, which exist, are asked for only where an output exists too.
    """
    existing = {_identity(path): path for path in outputs if path.exists()}
    for source in sources if existing else ():
        if (path := existing.get(_identity(source))) is not None:
            raise LimnerError(f"{printable(path)} is the source itself; choose another name.")


def _identity(path: Path) -> tuple[int, int]:
    """What all names of one file have in common."""
    state = path.stat()
    return state.st_dev, state.st_ino
