"""The size of the terminal, as the libraries that lay out text read it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

MIN_COLUMNS = 40
"""Narrowest layout. tyro does not end where a word finds no room, as in five columns."""


@contextmanager
def usable_size() -> Iterator[None]:
    """Give libraries at least `MIN_COLUMNS` during the block, and no COLUMNS or LINES that is no size."""
    columns, lines = shutil.get_terminal_size()
    earlier = {name: os.environ.get(name) for name in ("COLUMNS", "LINES")}
    if columns < MIN_COLUMNS or earlier["COLUMNS"] is not None:
        os.environ["COLUMNS"] = str(max(columns, MIN_COLUMNS))
    if earlier["LINES"] is not None:
        os.environ["LINES"] = str(lines)
    try:
        yield
    finally:
        for name, value in earlier.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
