"""A store is opened, checked, and written in its own folder."""

import json
import math
import os
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.files import photos
from helpers.names import LATIN1
from helpers.stores import colours, file_bytes, picture_bytes, prepare_store
from helpers.strangers import NESTED_JSON
from limner.data.store import StoredImage, StoreSettings, StoreWriter, open_store
from limner.errors import LimnerError
from limner.lock import folder_lock
from limner.training.loop import digest_of_store

SETTINGS = StoreSettings(pixels=64, short_side=64, frames=1, pairs="none")
ENTRY = StoredImage("a", 0, 64, 64, "0" * 16, held_out=False, enlarged=False, trimmed=False)


def write(folder: Path) -> None:
    with StoreWriter(folder) as writer:
        writer.add(np.zeros((64, 64, 3), np.uint8))
        writer.commit(SETTINGS, [ENTRY], [])


def test_foreign_files_are_never_deleted(tmp_path: Path) -> None:
    mine = ["pictures-of-ada.bin", "pictures.zip.part", "pictures-2024.bin"]
    for name in mine:
        (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(LimnerError, match=r"not empty and holds no prepared .*contains pictures-2024\.bin"):
        write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(mine)


STRANGERS = [
    '{"albums": []}',
    "[]",
    "7",
    '{"format": "A4", "settings": {"margin": 2}}',
    '{"format": 1, "settings": {"pixels": 64, "short_side": 64}, "files": ["a.jpg"]}',
]
"""Contents of a pictures.json of another program."""


@pytest.mark.parametrize("text", [*STRANGERS, "not JSON", NESTED_JSON[0]])
def test_another_program_s_index_is_no_store(tmp_path: Path, text: str) -> None:
    (tmp_path / "pictures.json").write_text(text)
    with pytest.raises(LimnerError, match=r"holds no prepared pictures \(it contains pictures\.json\)"):
        write(tmp_path)
    assert file_bytes(tmp_path) == {"pictures.json": text.encode()}


@pytest.mark.parametrize("text", STRANGERS)
def test_a_person_is_not_told_to_delete_another_program_s_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / "pictures.json").write_text(text)
    with pytest.raises(LimnerError, match=r"no prepared pictures in .* is another program's"):
        open_store(tmp_path)


def test_a_store_of_the_first_format_is_opened_trained_on_and_prepared_again(tmp_path: Path) -> None:
    """It has no mark, and neither the fields nor the letters of today."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        colours(number).save(source / f"花 {number}.png")
    now, _ = prepare_store(tmp_path / "store", source)
    path = tmp_path / "store" / "pictures.json"
    index = json.loads(path.read_text())
    del index["limner.store"], index["settings"]["rules"]
    for name, records in (("first_page", index["entries"]), ("left_out", index["files"])):
        for record in records:
            del record[name]
    text = json.dumps({"format": 1} | index, indent=1, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    first = open_store(tmp_path / "store")
    assert first.index.entries == now.index.entries
    assert digest_of_store(first) == digest_of_store(now)
    assert first.index.settings.rules == 1
    again, _ = prepare_store(tmp_path / "store", source)
    assert again.index.settings == now.index.settings
    assert picture_bytes(again) == picture_bytes(now)


@pytest.mark.parametrize("text", ["{", NESTED_JSON[0], '{"limner.store": 1}', '{"limner.store": 2}'])
def test_a_store_with_a_damaged_index_is_written_again(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "pictures.json").write_text(text)
    write(tmp_path)
    assert len(open_store(tmp_path)) == 1


def test_the_leftovers_of_a_killed_write_are_deleted(tmp_path: Path) -> None:
    for name in ("pictures-0a1b2c3d.bin", "pictures-0a1b2c3e.bin.part", "pictures.json.part", ".DS_Store"):
        (tmp_path / name).write_bytes(b"half")
    write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".DS_Store", "pictures.json", open_store(tmp_path).index.file}


def test_a_store_that_another_process_writes_is_left_alone(tmp_path: Path) -> None:
    part = tmp_path / "pictures-0a1b2c3e.bin.part"
    with folder_lock(tmp_path, "written"):
        part.write_bytes(b"half")
        with pytest.raises(LimnerError, match="is being written by process"):
            write(tmp_path)
        assert part.exists()
    write(tmp_path)
    assert not part.exists()
    with StoreWriter(tmp_path), pytest.raises(LimnerError, match="is being written by process"):
        write(tmp_path)


def test_rewriting_a_store_keeps_foreign_files(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "pictures-notes.bin").write_bytes(b"mine")
    write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"pictures-notes.bin", "pictures.json", open_store(tmp_path).index.file}


def test_opening_a_damaged_store_gives_an_error(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with pytest.raises(LimnerError, match="no prepared pictures"):
        open_store(store)
    prepare_store(store, photos(tmp_path / "in", 3))
    intact = file_bytes(store)
    index = json.loads(intact["pictures.json"])

    def damage(text: str, match: str) -> None:
        (store / "pictures.json").write_text(text)
        with pytest.raises(LimnerError, match=match):
            open_store(store)

    damage("{", "damaged")
    damage("[]", "is another program's")
    damage(NESTED_JSON[0], "damaged")
    damage(NESTED_JSON[1], "damaged")
    damage(json.dumps(index | {"limner.store": 99}), "format 99")
    damage('{"limner.store": 1}', "damaged")
    damage(json.dumps(index | {"bytes": math.inf}), "damaged")
    for value in (math.inf, math.nan, 0.5, "0", None):
        damage(json.dumps(index | {"entries": [index["entries"][0] | {"offset": value}]}), "damaged")
    damage(json.dumps(index | {"file": "../outside.bin"}), "damaged")
    damage(json.dumps(index | {"entries": [{"name": 1}]}), "damaged")
    (store / "pictures.json").write_bytes(intact["pictures.json"])
    raw = store / index["file"]
    raw.write_bytes(raw.read_bytes()[:-1])
    with pytest.raises(LimnerError, match="damaged"):
        open_store(store)
    pictures, _ = prepare_store(store, tmp_path / "in")
    assert len(pictures) == 3


def test_names_of_any_bytes_are_kept(tmp_path: Path) -> None:
    names = [LATIN1, "花.jpg"]
    with StoreWriter(tmp_path) as writer:
        writer.add(np.zeros((64, 64, 3), np.uint8))
        writer.commit(SETTINGS, [replace(ENTRY, name=name) for name in names], [])
    index = tmp_path / "pictures.json"
    assert index.read_bytes().isascii()
    assert [entry.name for entry in open_store(tmp_path).index.entries] == names


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are Unicode on this system")
def test_a_locale_that_cannot_name_the_folder_is_no_damage(tmp_path: Path) -> None:
    """A lone surrogate outside the bytes' range stands for a letter that the locale lacks."""
    with pytest.raises(LimnerError, match="This locale cannot name"):
        open_store(tmp_path / "\ud800")


def test_an_index_in_utf8_is_read(tmp_path: Path) -> None:
    """As earlier versions wrote it."""
    write(tmp_path)
    index = tmp_path / "pictures.json"
    content = json.loads(index.read_text())
    content["entries"][0]["name"] = "花.jpg"
    index.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert open_store(tmp_path).name(0) == "花.jpg"


def test_another_process_memory_maps_the_file(tmp_path: Path) -> None:
    pictures, _ = prepare_store(tmp_path / "store", photos(tmp_path / "in", 3))
    pickled = pickle.dumps(pictures)
    assert len(pickled) < 1000
    assert picture_bytes(pickle.loads(pickled)) == picture_bytes(pictures)
