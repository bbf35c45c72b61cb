"""Atomic writes: a file or folder is complete or absent."""

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
    errno.EROFS: "the disk is read-only: choose another place",
    errno.EACCES: "permission denied: choose another place",
    errno.EPERM: "permission denied: choose another place",
    errno.EFBIG: "the file grew beyond the size that this system allows",
    errno.ENOENT: "its folder does not exist and cannot be made: choose another place",
    errno.ENOTDIR: "a part of its path is a file, not a folder: choose another place",
    errno.EISDIR: "a folder of that name exists already: choose another name",
    errno.EEXIST: "a file of that name exists already: choose another name",
    errno.ENAMETOOLONG: "its name is too long: choose a shorter one",
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError about a write to `path` into a LimnerError with a sentence.

    A block that fails must leave what is at `path` as it was for its readers: where something was there,
    the sentence promises it.
    """
    was_there = os.path.lexists(path)
    try:
        yield
    except OSError as error:
        reason = REASONS.get(error.errno or 0, f"{error.strerror or error}")
        state = " It was not changed." if was_there else ""
        raise LimnerError(f"{path} cannot be written: {reason}.{state}") from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears at `path` when the block ends, and not at all if the block fails.

    Of a link, the file that it leads to is replaced, as other programs do: several may share that file.
    Raises LimnerError with a sentence if the file cannot be written.
    """
    temporary: Path | None = None
    with disk_errors(path):
        try:
            target = Path(os.path.realpath(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=target.parent, prefix=_part_prefix(target), suffix=".part", delete=False
            ) as file:
                temporary = Path(file.name)
                yield file  # type: ignore[misc]
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)  # tempfile makes it 0600, but web servers must be able to read it
            temporary.replace(target)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def atomic_write(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` atomically."""
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill. It becomes `path` when the block ends, and is deleted if the block fails.

    The previous folder at `path` is moved aside first and deleted last: a crash in between leaves it beside
    `path`. Raises LimnerError with a sentence if the folder cannot be written.
    """
    temporary: Path | None = None
    with disk_errors(path):
        try:
            target = Path(os.path.realpath(path))  # of a link, the folder that it leads to
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(
                tempfile.mkdtemp(dir=target.parent, prefix=_part_prefix(target), suffix=".part")
            )
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _fsync(file)
            temporary.chmod(0o755)  # tempfile makes it 0700, but web servers must be able to read it
            _replace_folder(temporary, target)
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)


def _part_prefix(path: Path) -> str:
    """The beginning of a temporary name: cut, since with its suffix the longest name would be too long."""
    return f".{path.name[:40]}."


def _fsync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _replace_folder(folder: Path, target: Path) -> None:
    """Move `folder` to `target`; if that fails, restore the previous folder."""
    if not target.exists():
        folder.replace(target)
        return
    previous = folder.with_suffix(".old")
    target.replace(previous)
    try:
        folder.replace(target)
    except OSError:
        previous.replace(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)
