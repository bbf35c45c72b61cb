"""Keep what was read of a file for as long as the file is unchanged."""

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

from limner.data.images import UnreachableFile

Value = TypeVar("Value")

MAX_FILES = 1024
"""Files of which a function's values are kept, the last that were asked for."""


def read_once(read: Callable[[Path], Value]) -> Callable[[Path], Value]:
    """Decorate a function of a file, so that it reads an unchanged file once.

    The file counts as unchanged while it has its size and its time of change. Raises `UnreachableFile` for
    a file that is not there, besides what the function raises, of which nothing is kept.
    """

    @lru_cache(maxsize=MAX_FILES)
    def read_state(path: Path, _size: int, _changed_ns: int) -> Value:
        return read(path)

    @wraps(read)
    def read_unless_unchanged(path: Path) -> Value:
        try:
            stat = path.stat()
        except OSError as error:
            raise UnreachableFile(f"cannot be opened ({error.strerror})") from error
        return read_state(path.absolute(), stat.st_size, stat.st_mtime_ns)

    return read_unless_unchanged
