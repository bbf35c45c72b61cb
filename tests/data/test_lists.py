"""A list stands for the pictures that it names, and its content says that it is one."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from helpers.files import photos
from limner.data.images import UnreadableFile
from limner.data.lists import is_list, read_list, write_list
from limner.data.sources import find_source, find_sources
from limner.errors import LimnerError


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    paths = [tmp_path / "b.jpg", tmp_path / "deep" / "a.jpg"]
    write_list(tmp_path / "list.txt", paths)
    assert is_list(tmp_path / "list.txt")
    assert read_list(tmp_path / "list.txt") == paths


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of Unicode")
def test_names_of_any_bytes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe.jpg")
    write_list(tmp_path / "list.txt", [path])
    assert read_list(tmp_path / "list.txt") == [path]


@pytest.mark.parametrize("name", ["a\nb.jpg", "a.jpg\r"])
def test_a_name_with_a_line_break_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LimnerError, match="has a line break in its name"):
        write_list(tmp_path / "list.txt", [tmp_path / name])
    assert not (tmp_path / "list.txt").exists()


def test_a_list_is_a_source(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", 3)
    file = tmp_path / "chosen"
    write_list(file, [folder / "photo-002.jpg", folder / "photo-000.jpg", folder / "gone.jpg"])
    found = find_sources([file])
    assert [source.name for source in found.sources] == ["photo-000.jpg", "photo-002.jpg"]
    assert found.skipped == (("gone.jpg", "is in a list and does not exist"),)


def test_paths_may_be_relative_to_the_list(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", 2)
    write_list(folder / "list.txt", [])
    with (folder / "list.txt").open("a") as file:
        file.write("photo-001.jpg\n")
    assert [source.path for source in find_sources([folder / "list.txt"]).sources] == [
        folder / "photo-001.jpg"
    ]


def test_a_list_may_be_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = photos(tmp_path / "photos", 3)
    write_list(folder / "list.txt", [folder / "photo-000.jpg"])
    with (folder / "list.txt").open("ab") as file:
        file.write(b"photo-002.jpg\n")
    lines = (folder / "list.txt").read_bytes().replace(b"\n", b"\r\n")
    (folder / "list.txt").write_bytes(lines)  # as an editor on Windows does
    monkeypatch.chdir(folder)
    found = find_sources([Path("list.txt")])
    assert [source.name for source in found.sources] == ["photo-000.jpg", "photo-002.jpg"]
    assert not found.skipped


def test_a_line_is_added_to_a_list_on_windows(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", 3)
    write_list(folder / "list.txt", [folder / "photo-000.jpg"])
    content = (folder / "list.txt").read_bytes()
    (folder / "list.txt").write_bytes(BOM_UTF8 + content + b"photo-002.jpg\r\n\r\n")
    assert is_list(folder / "list.txt")
    assert [path.name for path in read_list(folder / "list.txt")] == ["photo-000.jpg", "photo-002.jpg"]


def test_an_empty_list_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    write_list(tmp_path / "list.txt", [])
    with pytest.raises(LimnerError, match=r"list\.txt names no pictures"):
        find_sources([tmp_path / "list.txt"])


def test_a_list_is_not_taken_for_one_picture(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", 1)
    write_list(folder / "list.txt", [folder / "photo-000.jpg"])
    with pytest.raises(UnreadableFile, match="name one of its files"):
        find_source(folder / "list.txt")


def test_a_list_in_a_folder_is_no_source(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", 2)
    write_list(folder / "list.txt", [tmp_path / "elsewhere.jpg"])
    found = find_sources([folder])
    assert len(found.sources) == 2
    assert not found.skipped


def test_another_text_file_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("photo.jpg\n")
    assert not is_list(tmp_path / "notes.txt")
    with pytest.raises(LimnerError, match=r"notes\.txt is a text file, not a picture"):
        find_sources([tmp_path / "notes.txt"])
