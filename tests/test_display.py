"""Names of any bytes can be printed, and pasted into a shell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limner.display import printable, quoted


def test_odd_bytes_and_control_characters_are_replaced() -> None:
    assert printable(os.fsdecode(b"caf\xe9.jpg")) == "caf\ufffd.jpg"
    assert printable("a\x1b[2Jb\nc\u202e.jpg") == "a\ufffd[2Jb\ufffdc\ufffd.jpg"
    assert printable(Path("Café 花.jpg")) == "Café 花.jpg"


@pytest.mark.skipif(os.name == "nt", reason="quotes for a POSIX shell")
def test_paths_are_quoted_for_the_shell() -> None:
    assert quoted("page") == "page"
    assert quoted(Path("my page")) == "'my page'"
    assert quoted("it's") == "'it'\"'\"'s'"
