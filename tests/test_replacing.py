"""A stranger's file, a folder and a source are refused before any work is done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from limner.errors import LimnerError
from limner.replacing import check_no_source, check_replaceable


def is_marked(path: Path) -> bool:
    return path.read_text() == "ours"


def test_only_files_of_limner_are_replaced_without_force(tmp_path: Path) -> None:
    ours, theirs, link = tmp_path / "ours", tmp_path / "theirs", tmp_path / "link"
    ours.write_text("ours")
    theirs.write_text("theirs")
    link.symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "ours-by-link").symlink_to(ours)
    for path in (ours, tmp_path / "missing", tmp_path / "missing" / "below", tmp_path / "ours-by-link"):
        check_replaceable(path, is_marked, force=False)
    for path in (theirs, link, tmp_path / "pipe"):
        with pytest.raises(LimnerError, match=rf"{path.name} holds what limner did not write: .* --force"):
            check_replaceable(path, is_marked, force=False)
        check_replaceable(path, is_marked, force=True)


def test_a_file_that_cannot_be_read_is_a_strangers(tmp_path: Path) -> None:
    def fail(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "secret").write_text("theirs")
    with pytest.raises(LimnerError, match="secret holds what limner did not write"):
        check_replaceable(tmp_path / "secret", fail, force=False)


def test_a_file_in_the_path_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(
            LimnerError, match=rf"deep/look\.onnx cannot be written: .*{name} is not a folder"
        ):
            check_replaceable(tmp_path / name / "deep" / "look.onnx", is_marked, force=True)


def test_a_folder_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="is a folder, but a file is to be written"):
        check_replaceable(tmp_path, is_marked, force=True)


def test_a_name_that_is_too_long_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="cannot be written: its name is too long"):
        check_replaceable(tmp_path / ("x" * 300), is_marked, force=False)


def test_a_source_is_known_under_all_its_names(tmp_path: Path) -> None:
    source, other = tmp_path / "source", tmp_path / "other"
    for path in (source, other):
        path.write_text("x")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    (tmp_path / "folder").mkdir()
    for name in ("source", "link", "hard", "folder/../source"):
        with pytest.raises(LimnerError, match=rf"{name} is the source itself"):
            check_no_source([other, tmp_path / name], [source])
    check_no_source([other, tmp_path / "missing"], [source])
    check_no_source([tmp_path / "missing"], iter(lambda: pytest.fail("asked for the sources"), None))
