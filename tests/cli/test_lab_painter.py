"""limner lab painter: what it writes, and what it says of what it cannot do."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from PIL import Image

from limner.cli.main import main


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_painter_learns_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stripes = Image.new("RGB", (40, 30), "navy")
    stripes.paste("orange", (20, 0, 40, 30))
    stripes.save(tmp_path / "My stripes.png")
    first = ["lab", "painter", "My stripes.png", "--net", "mlp", "--steps", "20", "--threads", "1"]
    assert main(first) == 0
    printed = capsys.readouterr()
    assert "mlp paints My stripes.png:" in printed.out
    assert "2,307 parameters, 2,208 multiply-adds a pixel" in printed.out
    folder = tmp_path / "limner-lab/painter-my-stripes-mlp-adam-0"
    record = json.loads((folder / "record.json").read_text())
    assert {"commit", "machine", "versions", "threads"} <= record.keys()
    assert record["painting"]["pixels"] == 256
    words = shlex.split(record["command"])
    assert main([*words[1:], "--threads", "1", "--out", "again"]) == 0
    again = json.loads((tmp_path / "again/record.json").read_text())
    assert [each["loss"] for each in again["history"]] == [each["loss"] for each in record["history"]]
    assert again["command"] == record["command"]
    # Each task keeps to its own folders.
    assert main(["lab", "digits", "--epochs", "1", "--out", "again"]) == 1
    assert "again holds a training that differs in task, net" in capsys.readouterr().err


def test_a_file_that_is_no_picture_gets_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    assert main(["lab", "painter", "notes.png"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("limner: notes.png ")
    assert error.endswith(": name another picture.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cat.jpg"], "There is no file cat.jpg: name a picture"),
        (["."], ". is a folder: name one picture in it"),
        (["cat.jpg", "--steps", "0"], "--steps is 0, but has to be a whole number from 1"),
        (["cat.jpg", "--pixels", "9000"], "--pixels is 9000, but has to be a whole number from 1"),
        (["cat.jpg", "--minutes", "-1"], "--minutes is -1.0, but has to be above 0"),
        (["cat.jpg", "--threads", "0"], "--threads is 0"),
        (["cat.jpg", "--act", "relu"], "--act is for --net mlp"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "painter", *arguments]) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe.png")
    assert main(["lab", "painter", "pipe.png"]) == 1
    assert "pipe.png is no ordinary file: name a picture." in capsys.readouterr().err
