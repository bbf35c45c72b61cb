"""Picture sets: what is held out stays out, is kept, and is the same each time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from helpers.stores import colours
from limner.bench.picture_sets import prepare_set
from limner.errors import LimnerError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(24):
        colours(seed).save(folder / f"{seed}.png")
    return folder


def test_a_third_of_a_folder_is_held_out_and_no_copy_crosses(photos: Path, tmp_path: Path) -> None:
    for seed in range(24):
        shutil.copyfile(photos / f"{seed}.png", photos / f"copy-{seed}.png")
    pictures = prepare_set(str(photos), tmp_path / "sets", 64)
    training, held_out = (
        {path.read_bytes() for path in folder.iterdir()}
        for folder in (pictures.training, pictures.held_out)
    )
    assert not training & held_out
    assert len(training) + len(held_out) == 24
    assert 3 <= len(held_out) <= 12
    assert pictures.name == "photos" and len(pictures.store) == len(training)


def test_a_set_is_kept_and_its_pictures_must_not_change(photos: Path, tmp_path: Path) -> None:
    first = prepare_set(str(photos), tmp_path / "sets", 64)
    marks = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*") if path.is_file()}
    assert prepare_set(str(photos), tmp_path / "sets", 64).digest == first.digest
    assert marks == {path: path.stat().st_mtime_ns for path in marks}
    (photos / "0.png").unlink()
    with pytest.raises(LimnerError, match="are not those that"):
        prepare_set(str(photos), tmp_path / "sets", 64)


def test_a_folder_of_a_person_stays(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "sets" / "photos-64").mkdir(parents=True)
    (tmp_path / "sets" / "photos-64" / "diary.txt").write_text("mine")
    with pytest.raises(LimnerError, match="are not those that"):
        prepare_set(str(photos), tmp_path / "sets", 64)
    assert (tmp_path / "sets" / "photos-64" / "diary.txt").read_text() == "mine"


def test_a_drawn_set_holds_out_other_drawings(tmp_path: Path) -> None:
    pictures = prepare_set("sea", tmp_path, 64, drawn=3)
    parts = [sorted(folder.iterdir()) for folder in (pictures.training, pictures.held_out)]
    assert [len(part) for part in parts] == [3, 3]
    for ours, theirs in zip(*parts, strict=True):
        with Image.open(ours) as one, Image.open(theirs) as other:
            assert one.tobytes() != other.tobytes()
