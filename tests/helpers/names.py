"""Names that file systems allow and that UTF-8, terminals and markup do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

LATIN1 = os.fsdecode(b"caf\xe9")
"""As an archive of an older system has it; Python holds the byte as a surrogate."""

SHOWN = "caf\ufffd"
"""How people see `LATIN1`."""

TOO_LONG = "n" * 260


def odd_name(folder: Path, name: str = LATIN1) -> Path:
    """The path of `name` in `folder`; skips the test where the file system refuses the name."""
    path = folder / name
    try:
        path.touch()
        path.unlink()
    except OSError:
        pytest.skip("this file system takes no name of odd bytes")
    return path
