"""The trained networks that ship with the lab page are the recorded ones, and do as well as recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import lab_starts
from helpers.files import shared
from limner.data.datasets.catalog import LabelledName
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.labelled import load_labelled
from limner.errors import LimnerError
from limner.lab.record import read_record, to_text
from limner.look.session import make_session

STARTS = sorted(lab_starts.STARTS.glob("*.onnx"))
SETS: dict[str, LabelledName] = {"digits": "mnist", "pictures": "cifar10"}
CHUNK = 500


def about(path: Path) -> dict[str, Any]:
    properties = {each.key: each.value for each in onnx.load(path).metadata_props}
    found: dict[str, Any] = json.loads(properties["limner.lab"])
    return found


def record_of(path: Path) -> dict[str, Any]:
    own = about(path)
    found: dict[str, Any] | None = read_record(
        lab_starts.RECORDS / f"{own['task']}-{own['net']}-{own['seed']}.json"
    )
    assert found is not None, f"{path.name} has no record"
    return found


def test_they_are_small_and_named_after_what_they_are() -> None:
    assert STARTS
    assert sum(path.stat().st_size for path in STARTS) <= lab_starts.MAX_BYTES
    for path in STARTS:
        own, record = about(path), record_of(path)
        assert path.stem == f"{own['task']}-{own['net']}"
        assert own["range"] == "0..1"  # as the page gives pictures
        assert path.stat().st_size == record["bytes"]


@pytest.mark.slow
@pytest.mark.parametrize("path", STARTS, ids=lambda path: path.stem)
def test_they_do_as_well_as_recorded(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    name = SETS[about(path)["task"]]
    folder = tmp_path_factory.getbasetemp() / "sets"
    fetch_from(name, shared(name), folder=folder)
    pictures = load_labelled(name, folder).test
    session = make_session(path.read_bytes(), path)
    (given,) = session.get_inputs()
    confusion = np.zeros((10, 10), int)
    for at in range(0, len(pictures.labels), CHUNK):
        values = pictures.images[at : at + CHUNK].astype(np.float32) / np.float32(255)
        (scores,) = session.run(None, {given.name: values})
        np.add.at(confusion, (pictures.labels[at : at + CHUNK], scores.argmax(1)), 1)
    expected = np.array(record_of(path)["test"]["confusion"])
    # torch's own, but for pictures that two classes share but for rounding.
    assert np.abs(confusion - expected).sum() <= 4


def training(folder: Path, size: int) -> Path:
    """A folder as `limner lab` leaves one, and its record in docs/."""
    run = folder / "limner-lab" / "digits-lenet-0"
    run.mkdir(parents=True)
    record = {"limner.lab": 1, "settings": {"task": "digits", "net": "lenet"}, "test": {}, "history": []}
    for path in (run / "record.json", folder / "records" / f"{run.name}.json"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(to_text(record), encoding="utf-8")
    (run / "digits-lenet.onnx").write_bytes(bytes(size))
    return run


def test_a_recorded_network_is_shipped(tmp_path: Path) -> None:
    run = training(tmp_path, 100)
    shipped = lab_starts.ship(run, tmp_path / "starts", tmp_path / "records")
    assert shipped.read_bytes() == (run / "digits-lenet.onnx").read_bytes()
    # Again, in place of the former file.
    assert lab_starts.ship(run, tmp_path / "starts", tmp_path / "records") == shipped


def test_what_is_not_recorded_or_too_large_is_refused(tmp_path: Path) -> None:
    run = training(tmp_path, lab_starts.MAX_BYTES - 10)
    (tmp_path / "starts").mkdir()
    (tmp_path / "starts" / "digits-cnn.onnx").write_bytes(bytes(11))
    with pytest.raises(LimnerError, match="allowed in all"):
        lab_starts.ship(run, tmp_path / "starts", tmp_path / "records")
    (tmp_path / "records" / f"{run.name}.json").unlink()
    with pytest.raises(LimnerError, match="is not recorded"):
        lab_starts.ship(run, tmp_path / "starts", tmp_path / "records")
    (run / "record.json").unlink()
    with pytest.raises(LimnerError, match="is not finished"):
        lab_starts.ship(run, tmp_path / "starts", tmp_path / "records")
    assert [path.name for path in (tmp_path / "starts").iterdir()] == ["digits-cnn.onnx"]
