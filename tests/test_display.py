"""Names of any bytes can be printed, and pasted into a shell; sizes and durations are short."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.names import odd_name
from limner.display import printable, quoted, readable_duration, readable_size


def test_odd_bytes_and_control_characters_are_replaced() -> None:
    assert printable(os.fsdecode(b"caf\xe9.jpg")) == "caf\ufffd.jpg"
    assert printable("a\x1b[2Jb\nc\u202e.jpg") == "a\ufffd[2Jb\ufffdc\ufffd.jpg"
    assert printable(Path("Café 花.jpg")) == "Café 花.jpg"


@pytest.mark.skipif(os.name == "nt", reason="quotes for a POSIX shell")
def test_paths_are_quoted_for_the_shell() -> None:
    assert quoted("page") == "page"
    assert quoted(Path("my page")) == "'my page'"
    assert quoted("it's") == "'it'\"'\"'s'"
    assert quoted("-page") == "./-page"
    assert quoted(Path("-my page")) == "'./-my page'"


@pytest.mark.skipif(shutil.which("bash") is None, reason="quotes for bash")
def test_a_shell_finds_a_file_by_its_quoted_name(tmp_path: Path) -> None:
    path = odd_name(tmp_path, os.fsdecode(b"it's\\ a caf\xe9\x1b\n.onnx"))
    path.write_text("found")
    assert quoted(path).isprintable()
    command = f"cat {quoted(path)}"
    assert subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout == b"found"


def test_sizes_have_digits() -> None:
    assert readable_size(21_600_000) == "22 MB"
    assert readable_size(1_400_000) == "1,400 kB"
    assert readable_size(12_345) == "12 kB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert readable_duration(seconds) == text
