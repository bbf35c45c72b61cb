"""limner branch, from a few pictures to sliders in one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.branches import save_pairs, tiny_look
from helpers.keyframes import frame
from limner.cli.main import main
from limner.errors import LimnerError
from limner.export.onnx import check_output_path
from limner.look.look import open_look

QUICK = ["--steps", "2", "--perceptual", "0", "--batch", "2"]
PAIRS = ["painted", "--inputs", "photos"]


@pytest.fixture
def pictures(work: Path) -> Path:
    tiny_look(work)
    save_pairs(work)
    return work


def test_two_branches_in_one_file_that_paints_as_before(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.asarray(frame(0).crop((0, 0, 32, 32)), np.float32) / np.float32(255)
    before = open_look(pictures / "tiny.onnx").paint(image)
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "Ink", *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "Learning from 3 pairs: all 4 layers, rank 4." in printed
    assert "of which the branch Ink has" in printed
    assert main(["branch", "tiny.onnx", "photos", "--name", "self", "--branching", "blocks", *QUICK]) == 0
    look = open_look(pictures / "tiny.onnx")
    assert {name: live.label for name, live in look.live.items()} == {
        "branch_ink": "Ink",
        "branch_self": "self",
    }
    np.testing.assert_array_equal(look.paint(image), before)
    capsys.readouterr()
    assert main(["describe", "tiny.onnx", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["branches"]
    assert {name: (each["name"], each["rank"], each["layers"]) for name, each in told.items()} == {
        "branch_ink": ("Ink", 4, 4),
        "branch_self": ("self", 0, 4),
    }
    assert all(0 < each["bytes"] < 50_000 and each["multiply_adds"] > 0 for each in told.values())
    assert main(["describe", "tiny.onnx"]) == 0
    assert "branch Ink (live input branch_ink):" in capsys.readouterr().out.replace("\n", " ")
    assert main(["publish", "tiny.onnx", "--out", "page"]) == 0


def test_a_branch_is_made_anew_only_on_request_and_elsewhere_by_out(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (pictures / "tiny.onnx").read_bytes()
    command = ["branch", "tiny.onnx", *PAIRS, "--name", "ink", *QUICK]
    assert main([*command, "--out", "new.onnx"]) == 0
    assert (pictures / "tiny.onnx").read_bytes() == content
    one = (pictures / "new.onnx").read_bytes()
    command[1] = "new.onnx"
    assert main(command) == 1
    assert "has a branch or another live input branch_ink already" in capsys.readouterr().err
    assert (pictures / "new.onnx").read_bytes() == one
    assert main([*command, "--force", "--seed", "1"]) == 0
    assert list(open_look(pictures / "new.onnx").live) == ["branch_ink"]
    assert (pictures / "new.onnx").read_bytes() != one


def test_paint_takes_branches_by_name(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "ink", "--steps", "20", *QUICK[2:]]) == 0
    painted = {}
    for name, words in (("off", []), ("none", ["--branch", "ink:0"]), ("on", ["--branch", "ink"])):
        out = f"{name}.png"
        assert main(["paint", "tiny.onnx", "photos/0.png", "--out", out, *words]) == 0
        painted[name] = np.asarray(Image.open(pictures / out)).astype(int)
    np.testing.assert_array_equal(painted["off"], painted["none"])
    assert np.abs(painted["on"] - painted["off"]).mean() > 1
    capsys.readouterr()
    assert main(["paint", "tiny.onnx", "photos/0.png", "--branch", "pencil"]) == 1
    assert "has no branch pencil; it has ink" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (["--out", "mine.txt"], "another suffix"),
        (["--out", "theirs.onnx"], "did not write"),
        (["--rank", "99"], "rank is 99"),
        (["--steps", "0"], "steps is 0"),
        (["--inputs", "missing"], "There is no folder of inputs missing"),
        (["--branching", "blocks", "--rank", "2"], "--rank is for factors"),
        (["--name", ""], "has no name"),
    ],
)
def test_nothing_is_trained_for_a_wrong_option(
    change: list[str], reason: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "theirs.onnx").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in pictures.rglob("*")}
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "ink", *QUICK, *change]) == 1
    assert reason in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in pictures.rglob("*")} == before


def test_branches_are_not_lost_to_a_look_that_is_written_again(pictures: Path) -> None:
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "Ink", *QUICK]) == 0
    with pytest.raises(LimnerError, match=r"has branches, which would be lost \(branch_ink\)"):
        check_output_path(pictures / "tiny.onnx")
    check_output_path(pictures / "tiny.onnx", replaced=["branch_ink"])
    check_output_path(pictures / "tiny.onnx", force=True)


def test_a_name_in_another_spelling_is_the_same_branch(pictures: Path) -> None:
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "Ink", *QUICK]) == 0
    assert main(["branch", "tiny.onnx", *PAIRS, "--name", "ink ", "--force", *QUICK]) == 0
    assert list(open_look(pictures / "tiny.onnx").live) == ["branch_ink"]
