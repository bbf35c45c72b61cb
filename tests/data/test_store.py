"""A store stands in a folder of its own."""

from pathlib import Path

import numpy as np
import pytest

from limner.data.store import StoredImage, StoreSettings, StoreWriter, open_store
from limner.errors import LimnerError

SETTINGS = StoreSettings(pixels=64, short_side=64, frames=1, pairs="none")
ENTRY = StoredImage("a", 0, 64, 64, "0" * 16, held_out=False, enlarged=False, trimmed=False)


def write(folder: Path) -> None:
    with StoreWriter(folder) as writer:
        writer.add(np.zeros((64, 64, 3), np.uint8))
        writer.commit(SETTINGS, [ENTRY], [])


def test_the_files_of_others_are_never_deleted(tmp_path: Path) -> None:
    mine = ["pictures-of-ada.bin", "pictures.zip.part", "pictures-2024.bin"]
    for name in mine:
        (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(LimnerError, match=r"not empty and holds no prepared .*there is pictures-2024\.bin"):
        write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(mine)


def test_what_a_killed_first_writing_left_is_taken_away(tmp_path: Path) -> None:
    for name in ("pictures-0a1b2c3d.bin", "pictures-0a1b2c3e.bin.part", "pictures.json.part", ".DS_Store"):
        (tmp_path / name).write_bytes(b"half")
    write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".DS_Store", "pictures.json", open_store(tmp_path).index.file}


def test_a_store_is_written_anew_beside_what_was_put_there_since(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "pictures-notes.bin").write_bytes(b"mine")
    write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"pictures-notes.bin", "pictures.json", open_store(tmp_path).index.file}
