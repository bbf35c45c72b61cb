"""evaluate: the figures of a run and of a look, and sentences for what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers.files import photos
from helpers.looks import look_file, recipe, trained_generator
from helpers.stores import store
from limner.cli.main import main
from limner.data.store import ImageStore
from limner.evaluation.report import Report
from limner.training.run import Run, begin_run


@pytest.fixture
def folder(work: Path) -> Path:
    """Four photos."""
    photos(work / "photos", 4)
    return work / "photos"


@pytest.fixture
def run(work: Path, monkeypatch: pytest.MonkeyPatch) -> ImageStore:
    """A run in the folder `run`, as after training, and its store."""
    pictures = store(work, 40)
    begin_run(work / "run", recipe(), pictures.folder)
    monkeypatch.setattr(Run, "generator", lambda of: trained_generator(of.recipe))
    return pictures


def evaluate(*arguments: str) -> dict[str, Any]:
    assert main(["evaluate", *arguments, "--out", "figures"]) == 0
    written: dict[str, Any] = json.loads(Path("figures/evaluation.json").read_text())
    return written


def refuse(capsys: pytest.CaptureFixture[str], words: str, *arguments: str) -> None:
    assert main(["evaluate", *arguments]) == 1
    *_, error = capsys.readouterr().err.splitlines()  # after lines of progress
    assert error.startswith("limner: ") and words in error


def test_a_run_is_measured_on_its_own_held_out_pictures(
    run: ImageStore, capsys: pytest.CaptureFixture[str]
) -> None:
    written = evaluate("run")
    assert written["pictures"] == len(run.held_out)
    assert written["training_pictures"] == len(run.training)
    assert {"commit", "machine", "versions", "time"} <= written.keys()
    assert {"kid_x1000", "memorising_ratio", "noise_gain"} <= written["figures"].keys()
    shown = capsys.readouterr().out
    assert "KID x 1000" in shown and "judged by EfficientNet-Lite0" in shown


@pytest.mark.usefixtures("run", "folder")
def test_a_look_paints_what_its_run_paints(capsys: pytest.CaptureFixture[str]) -> None:
    look = look_file(Path())
    run, published = (evaluate(target, "--against", "photos")["figures"] for target in ("run", look.name))
    assert run["held_out_l1"]["value"] == pytest.approx(published["held_out_l1"]["value"], rel=0.05)
    assert "memorising_ratio" in run and "memorising_ratio" not in published
    assert "Name their folder with --training" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("folder")
def test_a_run_whose_pictures_are_gone_is_measured_against_others(
    run: ImageStore, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(run.folder)
    refuse(capsys, "comes without its pictures", "run")
    figures = evaluate("run", "--against", "photos")["figures"]
    oils = evaluate("run", "--against", "photos", "--strokes")["figures"]
    assert oils["held_out_l1"]["value"] != figures["held_out_l1"]["value"]
    assert "held_out_l1" in figures and "memorising_ratio" not in figures
    assert "The run's pictures cannot be read" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_what_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    look = look_file(Path())
    refuse(capsys, "with --against", look.name)
    refuse(capsys, "--pictures is 3", look.name, "--against", "photos", "--pictures", "3")
    refuse(capsys, "nowhere", look.name, "--against", "nowhere")
    refuse(capsys, "is not a clip", look.name, "--against", "photos", "--clip", "photos/photo-000.jpg")
    refuse(capsys, "no run in photos", "photos")


def test_a_run_of_pairs_takes_no_pictures_without_inputs(
    work: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin_run(work / "run", recipe(), store(work, 14, same_inputs=True).folder)
    monkeypatch.setattr(Run, "generator", lambda of: trained_generator(of.recipe))
    refuse(capsys, "has no inputs", "run", "--against", str(folder))


def test_a_strangers_file_is_not_replaced(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look, report = look_file(work), work / "figures" / "evaluation.json"
    report.parent.mkdir()
    arguments = (look.name, "--against", "nowhere", "--out", "figures")
    report.write_text('{"mine": 1}')
    refuse(capsys, "holds what limner did not write", *arguments)
    refuse(capsys, "no file or folder nowhere", *arguments, "--force")
    assert report.read_text() == '{"mine": 1}'
    report.write_text(Report(4, 0, None, (), ()).to_json("a look", {}))
    refuse(capsys, "no file or folder nowhere", *arguments)
