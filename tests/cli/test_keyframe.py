"""limner keyframe, from the pictures to a look that paints, and a clip that is painted whole."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from helpers.files import video
from helpers.keyframes import frame, recoloured
from limner.cli.main import main
from limner.look.look import open_look

QUICK = ["--pixels", "64", "--patch", "32", "--perceptual", "0", "--steps", "2"]


@pytest.fixture
def pictures(work: Path) -> Path:
    frame(0).save(work / "frame.png")
    recoloured(frame(0)).save(work / "painted.png")
    return work


def test_a_keyframe_becomes_a_look_and_a_painted_clip(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video(pictures / "clip.mp4", frames=3, size=(96, 64))
    keyframe = ["keyframe", "frame.png", "painted.png", "--out", "mine.onnx", *QUICK]
    assert main([*keyframe, "--clip", "clip.mp4", "--name", "Mine"]) == 0
    printed = capsys.readouterr().out
    assert "Learned from 2 steps" in printed
    assert "mine.onnx" in printed
    look = open_look(pictures / "mine.onnx")
    assert (look.name, look.guide, look.size, look.pixels) == ("Mine", "colour", "keyframe", 64)
    assert look.recipe["patch"] == 32
    painting, guide = look.paint_and_guide(np.full((64, 64, 3), 0.5, np.float32))
    assert painting.shape == guide.shape == (64, 64, 3)
    with av.open(str(pictures / "clip-painted.mp4")) as painted:
        assert [(f.width, f.height) for f in painted.decode(video=0)] == [(96, 64)] * 3
    # The same command has nothing left to do but to write the look again.
    assert main(keyframe) == 0
    assert "Resuming at step 2." in capsys.readouterr().out
    assert main(["publish", "mine.onnx", "--out", "page"]) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (["--out", "mine.txt"], "another suffix"),
        (["--out", "theirs.onnx"], "is no look that learned from keyframes"),
        (["--pixels", "60"], "pixels is 60"),
        (["--steps", "0"], "steps is 0"),
        (["--clip", "missing.mp4"], "is not a file"),
    ],
)
def test_nothing_is_trained_for_a_wrong_option(
    change: list[str], reason: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "theirs.onnx").write_text("mine")
    before = sorted(path.name for path in pictures.iterdir())
    assert main(["keyframe", "frame.png", "painted.png", "--out", "mine.onnx", *QUICK, *change]) == 1
    assert reason in capsys.readouterr().err
    assert sorted(path.name for path in pictures.iterdir()) == before
