"""Lists of pictures: text files with one path a line, after a first line that says what they are.

A list is given to a command in place of a folder. Its content decides, not its name. Paths may be relative
to the list's folder, and may have any bytes but a line break, or a carriage return at their end.
"""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.reading import read_regular

HEADING = b"# limner: a list of pictures, one path a line\n"


def is_list(file: Path) -> bool:
    """Whether a regular file is a list. Raises OSError where it cannot be read."""
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return _without_marks(stream.read(len(BOM_UTF8) + len(HEADING) + 1)).startswith(HEADING)


def read_list(file: Path) -> list[Path]:
    """The paths in a list, in its order. Raises OSError where it cannot be read."""
    lines = _without_marks(read_regular(file)).removeprefix(HEADING).split(b"\n")
    return [file.absolute().parent / os.fsdecode(line) for line in lines if line]


def _without_marks(content: bytes) -> bytes:
    """A list without what an editor on Windows adds: a byte order mark, and carriage returns."""
    return content.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")


def write_list(file: Path, paths: Iterable[Path]) -> None:
    """Write a list of absolute paths, atomically. Raises LimnerError as `check_paths` does."""
    lines = check_paths(paths)
    atomic_write(file, HEADING + b"".join(line + b"\n" for line in lines))


def check_paths(paths: Iterable[Path]) -> list[bytes]:
    """The absolute paths as lines. Raises LimnerError for one with a line break in its name."""
    lines = [os.fsencode(path.absolute()) for path in paths]
    for line in lines:
        if b"\n" in line or line.endswith(b"\r"):
            raise LimnerError(
                f"{printable(os.fsdecode(line))} has a line break in its name and cannot stand in a list: "
                "rename it."
            )
    return lines
