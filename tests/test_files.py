"""A file or folder is written completely or not at all; on failure the previous one stays."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from limner.errors import LimnerError
from limner.files import atomic_file, atomic_folder, atomic_write


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "look.onnx"
    atomic_write(path, "first")
    atomic_write(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["look.onnx"]


def test_a_file_is_replaced_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "look.onnx").write_text("old")
    (tmp_path / "link.onnx").symlink_to(Path("shared") / "look.onnx")
    atomic_write(tmp_path / "link.onnx", "new")
    assert (tmp_path / "link.onnx").is_symlink()
    assert (tmp_path / "shared" / "look.onnx").read_text() == "new"
    assert len(list(tmp_path.rglob("*"))) == 3


def test_a_file_is_readable_for_a_web_server(tmp_path: Path) -> None:
    atomic_write(tmp_path / "page.html", "x")
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o644


def test_the_old_file_stays_when_the_disk_fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "look.onnx"
    atomic_write(path, "good")

    def raise_disk_full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", raise_disk_full)
    with pytest.raises(
        LimnerError, match=r"look\.onnx cannot be written: the disk is full.*not changed\.$"
    ):
        atomic_write(path, "half")
    assert path.read_text() == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["look.onnx"]


def test_a_folder_that_cannot_be_made_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below /proc, where every user gets this error."""
    monkeypatch.setattr(Path, "mkdir", Mock(side_effect=FileNotFoundError(errno.ENOENT, "none")))
    sentence = (
        rf"^{tmp_path}/a/sheet\.png cannot be written: its folder .* cannot be made: .* another place\.$"
    )
    with pytest.raises(LimnerError, match=sentence):
        atomic_write(tmp_path / "a" / "sheet.png", "x")


def test_no_file_is_left_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), atomic_file(tmp_path / "look.onnx") as file:
        file.write(b"half")
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_path_gives_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LimnerError, match="cannot be written"):
        atomic_write(tmp_path / "file" / "look.onnx", "y")


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    longest = tmp_path / ("é" * 122 + "x.onnx")
    atomic_write(longest, "x")
    _export(tmp_path / ("n" * 255), "y")
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(LimnerError, match=r"its name is too long: choose a shorter one\.$"):
        atomic_write(tmp_path / ("n" * 256), "x")


def _export(folder: Path, content: str) -> None:
    with atomic_folder(folder) as temporary:
        (temporary / "model.json").write_text(content)


def test_a_folder_is_replaced_completely(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "export"
    _export(folder, "first")
    (folder / "old.bin").write_text("x")
    _export(folder, "second")
    assert [(entry.name, entry.read_text()) for entry in folder.iterdir()] == [("model.json", "second")]
    assert [entry.name for entry in folder.parent.iterdir()] == ["export"]


def test_a_folder_is_replaced_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    _export(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "model.json").read_text() == "new"
    assert {entry.name for entry in tmp_path.iterdir()} == {"real", "link"}


def test_the_old_folder_stays_when_the_disk_fills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "export"
    _export(folder, "good")

    def raise_disk_full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", raise_disk_full)
    with pytest.raises(LimnerError, match="export cannot be written: the disk is full"):
        _export(folder, "half")
    assert (folder / "model.json").read_text() == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["export"]


def test_the_old_folder_is_restored_when_the_new_one_cannot_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "export"
    _export(folder, "good")
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            assert not folder.exists(), "the old folder is moved aside, not deleted, before"
            raise OSError(errno.EACCES, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(LimnerError, match="permission denied"):
        _export(folder, "half")
    assert (folder / "model.json").read_text() == "good"
    assert [entry.name for entry in tmp_path.iterdir()] == ["export"]
