"""A file is whole, or not there; what was there before stays."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from limner.errors import LimnerError
from limner.files import whole_file, write_whole


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "look.onnx"
    write_whole(path, "first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["look.onnx"]


def test_can_be_read_by_a_web_server(tmp_path: Path) -> None:
    write_whole(tmp_path / "page.html", "x")
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o644


def test_keeps_what_was_there_when_the_disk_fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "look.onnx"
    write_whole(path, "good")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LimnerError, match=r"look\.onnx cannot be written: the disk is full"):
        write_whole(path, "half")
    assert path.read_text() == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["look.onnx"]


def test_leaves_nothing_where_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), whole_file(tmp_path / "look.onnx") as file:
        file.write(b"half")
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_says_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LimnerError, match="cannot be written"):
        write_whole(tmp_path / "file" / "look.onnx", "y")
