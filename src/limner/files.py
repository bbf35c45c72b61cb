"""Files and folders that are either whole or not there."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from limner.errors import LimnerError

REASONS = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again",
    errno.EROFS: "the disk is read-only: choose another folder with --out",
    errno.EACCES: "permission is refused: choose another folder with --out",
    errno.EPERM: "permission is refused: choose another folder with --out",
    errno.EFBIG: "the file grew beyond the size that this system allows",
    errno.ENOTDIR: "a part of its path is a file, not a folder: choose another folder with --out",
    errno.EISDIR: "a folder of that name is in the way: choose another name with --out",
    errno.EEXIST: "a file of that name is in the way: choose another name with --out",
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the system says about a write to `path` into a sentence."""
    try:
        yield
    except OSError as error:
        reason = REASONS.get(error.errno or 0, f"{error.strerror or error}")
        raise LimnerError(
            f"{path} cannot be written: {reason}. Nothing that existed was changed."
        ) from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears at `path` when the block ends, and not at all where it fails.

    Raises LimnerError with a sentence where the disk does not take it.
    """
    temporary: Path | None = None
    with disk_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
            ) as file:
                temporary = Path(file.name)
                yield file  # type: ignore[misc]
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)  # as a plain file: web servers must be able to read it
            temporary.replace(path)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def atomic_write(path: Path, content: bytes | str) -> None:
    """Write `content` to `path`, whole or not at all."""
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `path` when the block ends, and goes where it fails.

    What was at `path` is moved aside first and removed last: a crash in between leaves it beside `path`.
    Raises LimnerError with a sentence where the disk does not take it.
    """
    temporary: Path | None = None
    with disk_errors(path):
        try:
            place = path.resolve()  # through a link, and not in place of it
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part"))
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _fsync(file)
            temporary.chmod(0o755)  # as a plain folder: web servers must be able to read it
            _replace_folder(temporary, place)
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)


def _fsync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _replace_folder(folder: Path, place: Path) -> None:
    """Move `folder` to `place`; what was there comes back where that fails."""
    if not place.exists():
        folder.replace(place)
        return
    aside = folder.with_suffix(".old")
    place.replace(aside)
    try:
        folder.replace(place)
    except OSError:
        aside.replace(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)
