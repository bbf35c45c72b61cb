"""limner lab descent: its table, its files, its sentences, and the commands that the page's box shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner.cli.commands.lab import LabCommand
from limner.cli.commands.lab_descent import DescentCommand
from limner.cli.main import main, parse
from onnx_cases.descent import CASES, Case

RACE = ["lab", "descent", "--on", "beale", "--who", "batch.adam", "--steps", "40"]


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without data sets."""
    monkeypatch.setenv("LIMNER_DATA", str(tmp_path / "no-data"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.address or "usual")
def test_the_page_s_command_has_the_page_s_settings(case: Case) -> None:
    """That the page shows this command for that address is tested in web/tests."""
    command = parse(case.settings.command_line().split()[1:])
    assert isinstance(command, DescentCommand)
    assert command.settings() == case.settings


def test_a_race_prints_its_ends_and_writes_picture_and_record(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(RACE) == 0
    printed = capsys.readouterr().out
    assert "Batch descent" in printed and "not yet" in printed
    assert "at step 36" in printed
    assert "Repeat it: limner lab descent --on beale --who batch.adam --steps 40" in printed
    folder = tmp_path / "limner-lab/descent-beale"
    assert sorted(path.name for path in folder.iterdir()) == ["paths.svg", "record.json"]
    record = json.loads((folder / "record.json").read_text())
    assert {"commit", "machine", "versions", "threads"} <= record.keys()
    batch, adam = record["paths"]
    assert (batch["name"], adam["name"]) == ("batch", "adam")
    assert len(adam["points"]) == len(adam["above_minimum"]) == adam["steps"] + 1 == 41
    assert adam["end"] == adam["points"][-1]
    assert (adam["converged"], adam["diverged"]) == (36, None)
    assert "at step 36" in (folder / "paths.svg").read_text()


def test_the_command_in_the_record_repeats_the_paths(tmp_path: Path) -> None:
    first = [
        "lab",
        "descent",
        "--who",
        "stochastic.momentum",
        "--start=-1,0.5",
        "--seed",
        "5",
        "--m",
        "0.8",
    ]
    assert main([*first, "--lr", "stochastic=0.02", "--steps", "30", "--out", "first"]) == 0
    record = json.loads((tmp_path / "first/record.json").read_text())
    assert main([*record["command"].split()[1:], "--out", "again"]) == 0
    again = json.loads((tmp_path / "again/record.json").read_text())
    assert again["paths"] == record["paths"]
    assert again["command"] == record["command"]


def test_divergence_is_said_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lab", "descent", "--on", "rosenbrock", "--who", "batch", "--lr", "1"]) == 0
    assert "diverged at step" in " ".join(capsys.readouterr().out.split())
    record = (tmp_path / "limner-lab/descent-rosenbrock/record.json").read_text()
    assert "NaN" not in record and "Infinity" not in record


def test_an_earlier_race_is_replaced_and_other_files_are_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*RACE, "--out", "race"]) == 0
    assert main([*RACE, "--out", "race", "--seed", "3"]) == 0
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/paths.svg").write_text("mine")
    capsys.readouterr()
    assert main([*RACE, "--out", "theirs"]) == 1
    assert "theirs holds other files: choose another folder with --out." in capsys.readouterr().err
    assert (tmp_path / "theirs/paths.svg").read_text() == "mine"
    (tmp_path / "theirs/record.json").write_text('{"limner.lab": 1}')
    assert main([*RACE, "--out", "theirs"]) == 1
    (tmp_path / "race/notes.txt").write_text("mine")
    assert main([*RACE, "--out", "race"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--on", "beal"], "Did you mean beale? Choose from: ravine, saddle"),
        (["--on", "mnist"], "the plane goes through two runs that only the page makes"),
        (["--on", "cars"], "`limner data cars`"),
        (["--who", "adma"], "Did you mean adam?"),
        (["--lr", "fast"], "--lr has fast, but takes a rate above 0"),
        (["--start", "1;2"], "--start is 1;2, but has to be two numbers with a comma between"),
        (["--start", "9,9"], "--start=9,9 is not on the map of ravine"),
        (["--on", "beale", "--k", "4"], "limner lab descent --on beale takes no --k; only the ravine"),
        (["--on", "cars", "--noise", "1"], "--on cars takes no --noise"),
        (["--steps", "0"], "--steps is 0, but has to be from 1 to 10,000"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["lab", "descent", *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "limner-lab").exists()


def test_the_lab_itself_stays_as_it_is() -> None:
    for words, task in ((["lab"], None), (["lab", "digits"], "digits"), (["lab", "--no-open"], None)):
        command = parse(words)
        assert isinstance(command, LabCommand)
        assert command.task == task
