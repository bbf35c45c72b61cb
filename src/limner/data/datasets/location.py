"""Where the data sets are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from limner.errors import LimnerError

VARIABLE = "LIMNER_DATA"
"""The environment variable that names another folder."""


def data_folder() -> Path:
    """The folder of all data sets, which may not exist yet.

    `$LIMNER_DATA` where it is set. Otherwise the place that the system has for a program's data: that of
    the XDG base directories on Linux, `Library/Application Support` on macOS, `%LOCALAPPDATA%` on
    Windows. Raises LimnerError where the user has no home.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    try:
        return _base() / "limner" / "datasets"
    except RuntimeError as error:
        raise LimnerError(f"No home folder is known for data sets: name a folder in {VARIABLE}.") from error


def _base() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    # The specification: a relative path is invalid and to be ignored.
    return named if named.is_absolute() else Path.home() / ".local" / "share"
