"""limner lab: a short run with drawn digits, its sentences, and the command that repeats a curve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from limner.cli.commands.lab import LabCommand
from limner.cli.main import main, parse
from limner.errors import LimnerError
from limner.lab import sources


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without data sets, where few digits are drawn."""
    monkeypatch.setenv("LIMNER_DATA", str(tmp_path / "no-data"))
    monkeypatch.setattr(sources, "DRAWN_TRAIN", 300)
    monkeypatch.setattr(sources, "DRAWN_TEST", 50)
    monkeypatch.chdir(tmp_path)


def test_digits_are_drawn_until_mnist_is_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lab", "digits", "--epochs", "1", "--threads", "1"]) == 0
    printed = capsys.readouterr()
    assert "MNIST is not on this machine, so the digits are drawn" in printed.err
    assert "`limner data mnist` fetches it" in printed.err
    assert "lenet on Drawn digits" in printed.out
    assert "61,706 parameters, 416,520 multiply-adds" in printed.out
    record = json.loads((tmp_path / "limner-lab/digits-lenet-adam-0/record.json").read_text())
    assert record["data"]["title"] == "Drawn digits"
    assert {"commit", "machine", "versions", "threads"} <= record.keys()


def test_the_command_in_the_record_repeats_the_curve(tmp_path: Path) -> None:
    first = ["lab", "digits", "--net", "codelab", "--epochs", "2", "--seed", "7", "--schedule", "cosine"]
    assert main([*first, "--no-augment", "--threads", "1", "--out", "first"]) == 0
    record = json.loads((tmp_path / "first/record.json").read_text())
    words = record["command"].split()
    assert words[0] == "limner"
    assert "--drawn" in words
    assert main([*words[1:], "--threads", "1", "--out", "again"]) == 0
    again = json.loads((tmp_path / "again/record.json").read_text())
    losses = [[each["train_loss"] for each in one["history"]] for one in (record, again)]
    assert losses[0] == losses[1]
    assert again["command"] == record["command"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["digits", "--net", "lenett"], "Did you mean lenet? Choose from: perceptron"),
        (["digits", "--optimizer", "adm"], "Did you mean adam?"),
        (["cars", "--drawn"], "limner lab cars takes no --drawn"),
        (["digits", "--minutes", "0"], "--minutes is 0.0, but has to be above 0"),
        (["digits", "--minutes", "inf"], "--minutes is inf, but has to be above 0 and at most 1,000,000"),
        (["digits", "--threads", "0"], "--threads is 0"),
        (["pictures", "--epochs", "1"], "`limner data cifar10`"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", *arguments]) == 1
    assert sentence in capsys.readouterr().err


def test_a_folder_with_other_files_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/curves.svg").write_text("mine")
    assert main(["lab", "digits", "--epochs", "1", "--out", "theirs"]) == 1
    assert "theirs holds other files: choose another folder with --out." in capsys.readouterr().err
    assert (tmp_path / "theirs/curves.svg").read_text() == "mine"
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["curves.svg"]


def test_minutes_alone_leave_the_epochs_to_the_machine() -> None:
    command = parse(["lab", "pictures", "--minutes", "30"])
    assert isinstance(command, LabCommand)
    assert command.options(command.settings("pictures")).fit_epochs
    both = parse(["lab", "pictures", "--minutes", "30", "--epochs", "8"])
    assert isinstance(both, LabCommand)
    assert not both.options(both.settings("pictures")).fit_epochs
    with pytest.raises(LimnerError, match="--patience is 0"):
        bad = parse(["lab", "pictures", "--patience", "0"])
        assert isinstance(bad, LabCommand)
        bad.options(bad.settings("pictures"))
