"""Reading what may be a stranger's: no pipe is waited for, and no deeply nested JSON goes further."""

from __future__ import annotations

import errno
import json
from itertools import chain
from pathlib import Path
from typing import Any

MAX_NESTING = 100
"""Levels of JSON. Ours has 5; from a few hundred on Python fails, some only where the value is used."""


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file. Raises OSError for anything else: reading a pipe may wait for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """The value of a regular file of JSON. Raises OSError as `read_regular`, ValueError as `parse_json`."""
    return parse_json(read_regular(path))


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError where it is damaged, or nested too deeply to be read."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _is_nested_too_deeply(value):
        raise ValueError("nested too deeply")
    return value


def _is_nested_too_deeply(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        values = chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level)
        level = [each for each in values if isinstance(each, dict | list)]
    return bool(level)
