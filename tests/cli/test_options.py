"""Options that several commands share: paths, frames and pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import scene
from limner.cli.main import main
from limner.data.store import open_store
from limner.data.strokes import paint_strokes


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", ""],
        ["doctor", "photos", ""],
        ["doctor", ".", "--sheet", ""],
        ["doctor", ".", "--inputs="],
        ["pictures", "photos", "--out", ""],
        ["look", "photos", "--out", ""],
        ["paint", "", "photo.jpg"],
        ["play", ""],
        ["publish", "", "--out", "page"],
        ["export", "", "--out", "a.onnx"],
        ["describe", ""],
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As from a variable of the shell that is not set."""
    assert main(arguments) == 1
    assert "empty" in capsys.readouterr().err


@pytest.mark.parametrize("frames", ["0", "-3"])
@pytest.mark.parametrize("command", [["doctor", "."], ["pictures", ".", "--out", "store"]])
def test_the_number_of_frames_is_checked_everywhere(
    command: list[str], frames: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--frames", frames]) == 1
    assert "must be 1 or more" in capsys.readouterr().err


def test_strokes_are_an_option_of_the_commands_that_fill_a_store(tmp_path: Path) -> None:
    for seed in range(2):
        scene(120, 90, seed).save(tmp_path / f"{seed}.png")
    stored = []
    for options in ([], ["--strokes"]):
        out = tmp_path / f"store{len(options)}"
        assert main(["pictures", str(tmp_path), "--out", str(out), "--pixels", "64", *options]) == 0
        stored.append(open_store(out).image(0))
    assert np.array_equal(stored[1], np.asarray(paint_strokes(Image.fromarray(stored[0]))))


def test_the_doctor_checks_pairs_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(2):
        scene(120, 60, seed).save(tmp_path / f"{seed}.png")
    assert main(["doctor", str(tmp_path), "--side", "left", "--pixels", "64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 2
    assert main(["doctor", str(tmp_path), "--side", "left", "--inputs", str(tmp_path)]) == 1
    assert "Give either" in capsys.readouterr().err
