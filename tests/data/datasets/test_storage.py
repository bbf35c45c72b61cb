"""A stored set is read as it was written, or refused with a sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.datasets import tiny_dataset, tiny_files
from limner.data.datasets.catalog import CATALOG
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.labelled import load_labelled
from limner.data.datasets.location import data_folder
from limner.data.datasets.storage import find_stored, read_stored
from limner.errors import LimnerError


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all sets, with the made-up one in it."""
    monkeypatch.setitem(CATALOG, "tiny", tiny_dataset("http://unasked.invalid/"))
    (tmp_path / "files").mkdir()
    for name, content in tiny_files().items():
        (tmp_path / "files" / name).write_bytes(content)
    fetch_from("tiny", tmp_path / "files", folder=tmp_path / "sets")
    return tmp_path / "sets"


def load(sets: Path) -> Any:
    return load_labelled("tiny", sets)  # type: ignore[arg-type]


def test_the_same_data_have_the_same_digest(sets: Path, tmp_path: Path) -> None:
    first = load(sets).sha256
    fetch_from("tiny", tmp_path / "files", folder=tmp_path / "again")
    assert load(tmp_path / "again").sha256 == first and len(first) == 64


def test_the_description_is_json_for_people(sets: Path) -> None:
    about = json.loads((sets / "tiny" / "dataset.json").read_text())
    assert about["counts"] == {"train": 600, "test": 200}
    assert (about["licence"], about["citation"]) == ("Licence of noise", "A. Tester: Noise")
    assert sorted(about["files"]) == [
        "test-images.npy",
        "test-labels.npy",
        "train-images.npy",
        "train-labels.npy",
    ]


def test_an_absent_set_names_its_command(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=r"MNIST is not on this machine: `limner data mnist` fetches it"):
        load_labelled("mnist", tmp_path)
    assert find_stored("mnist", tmp_path) is None


def test_a_changed_array_is_refused(sets: Path) -> None:
    path = sets / "tiny" / "test-images.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        LimnerError, match=r"test-images\.npy has changed since it was written\): `limner data"
    ):
        load(sets)


def test_a_missing_array_is_refused(sets: Path) -> None:
    (sets / "tiny" / "test-images.npy").unlink()
    with pytest.raises(LimnerError, match=r"test-images\.npy cannot be read"):
        load(sets)


def test_pickles_are_never_opened(sets: Path) -> None:
    """Not even where somebody has given them the right sum."""

    class Program:
        def __reduce__(self) -> Any:
            return (Path.touch, (sets / "was-run",))

    buffer = io.BytesIO()
    np.save(buffer, np.array([Program()], dtype=object), allow_pickle=True)
    (sets / "tiny" / "test-images.npy").write_bytes(buffer.getvalue())
    about = sets / "tiny" / "dataset.json"
    from helpers.datasets import digest

    old = json.loads(about.read_text())
    old["files"]["test-images.npy"] = digest(buffer.getvalue())
    about.write_text(json.dumps(old))
    with pytest.raises(LimnerError, match=r"test-images\.npy is no array"):
        load(sets)
    assert not (sets / "was-run").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"limner.dataset": 2},
        {"files": {"../files/test-images.gz": "00"}},
        {"files": ["test-images.npy"]},
        {"classes": 5},
        {"classes": [5]},
        {"counts": {"train": "many"}},
        {"note": None},
        {"licence": 5},
    ],
)
def test_a_damaged_description_is_refused(change: dict[str, Any], sets: Path) -> None:
    path = sets / "tiny" / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(
        LimnerError, match=r"is damaged \(its dataset\.json is missing or damaged\): `limner"
    ):
        read_stored("tiny", sets)


@pytest.mark.parametrize("content", [None, "", "[]", "null", "{}", "[" * 5000, "\udcff"])
def test_an_unreadable_description_is_refused(content: str | None, sets: Path) -> None:
    path = sets / "tiny" / "dataset.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(LimnerError, match=r"its dataset\.json is missing or damaged"):
        read_stored("tiny", sets)


def test_where_the_sets_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMNER_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("LIMNER_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_folder() == tmp_path / "xdg" / "limner" / "datasets"
    for ignored in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", ignored)
        assert data_folder() == tmp_path / ".local" / "share" / "limner" / "datasets"
    monkeypatch.setattr("sys.platform", "darwin")
    assert data_folder() == tmp_path / "Library" / "Application Support" / "limner" / "datasets"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert data_folder() == tmp_path / "local" / "limner" / "datasets"
    monkeypatch.delenv("LOCALAPPDATA")

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(LimnerError, match="No home folder is known"):
        data_folder()
