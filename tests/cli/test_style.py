"""limner style: looks that paint as paintings do, and pictures in their style."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.files import photo, photos, scene, video
from helpers.styles import stripes
from limner.cli.main import main
from limner.look.look import open_look
from limner.mark import read_image_mark

QUICK = ["--pixels", "64", "--steps", "2"]


@pytest.fixture
def pictures(work: Path) -> Path:
    for number in range(2):
        stripes(number).image.save(work / f"stripes_{number}.png")
    photo(work / "photo.png")
    return work


def test_paintings_become_a_look_with_a_slider_for_each(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(pictures / "album", 3)
    style = ["style", "stripes_0.png", "stripes_1.png", "--content", "album", *QUICK]
    assert main([*style, "--name", "Mine", "--out", "mine.onnx"]) == 0
    printed = capsys.readouterr()
    assert "Learned in 2 steps" in printed.out
    assert "Learning, steps: 2 of 2" in printed.err
    assert "limner publish mine.onnx" in printed.out
    look = open_look(pictures / "mine.onnx")
    assert (look.name, look.size, look.guide, look.pixels) == ("Mine", "style", "colour", 64)
    assert [look.live[f"style{number}"].label for number in (1, 2)] == ["stripes 0", "stripes 1"]
    assert look.recipe["loss"] == "sliced-wasserstein"
    sheet = Image.open(pictures / "mine-sheet.png")
    assert read_image_mark(pictures / "mine-sheet.png") == "sample sheet"
    assert (sheet.width > 4 * 64, sheet.height >= 4 * 64) == (True, True)
    # The same command has nothing left to do but to write the look again.
    assert main([*style, "--name", "Mine", "--out", "mine.onnx"]) == 0
    assert "Resuming at step 2." in capsys.readouterr().out
    assert main(["paint", "mine.onnx", "photo.png"]) == 0
    assert main(["publish", "mine.onnx", "--out", "page"]) == 0
    assert main(["describe", "mine.onnx"]) == 0
    assert "sliced-wasserstein, strength 1" in capsys.readouterr().out


def test_a_look_for_any_style_needs_no_training(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["style", "stripes_0.png", "--any", "--pixels", "64"]
    assert main([*command, "--credit", "By nobody."]) == 0
    assert "a painting that is dropped on it is its style" in capsys.readouterr().out
    look = open_look(pictures / "stripes-0.onnx")
    assert (look.name, look.size, look.pixels) == ("stripes 0", "any style", 64)
    assert main(command) == 0  # its own look is replaced
    assert main(["style", "stripes_0.png", "stripes_1.png", "--any"]) == 1
    assert "--any begins with the style of one painting, and 2 are given" in capsys.readouterr().err
    for more, sentence in (
        (["--steps", "2"], "--any trains nothing and tells its networks' licence: leave out --steps"),
        (["--licence", "CC0"], "leave out --licence"),
        (["--out", "theirs.onnx"], "is no look that limner style wrote"),
        (["--out", "stripes_0.png"], "has another suffix"),
    ):
        (pictures / "theirs.onnx").write_bytes(b"theirs")
        assert main([*command, *more]) == 1
        assert sentence in capsys.readouterr().err


def test_one_painting_has_no_slider_and_drawn_content_by_default(
    pictures: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.art.content.DRAWN", 3)
    assert main(["style", "stripes_0.png", "--loss", "gram", "--no-stability", *QUICK]) == 0
    assert "your own photos, which is better" in capsys.readouterr().out
    look = open_look(pictures / "stripes-0.onnx")
    assert (look.name, list(look.live)) == ("stripes 0", ["brightness", "contrast"])
    assert (look.recipe["loss"], look.recipe["stability"]) == ("gram", False)


def test_a_picture_is_painted_whole(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene(90, 60, seed=4).save(pictures / "view.jpg")
    assert main(["style", "stripes_0.png", "--picture", "view.jpg", *QUICK]) == 0
    printed = capsys.readouterr()
    assert "Painting, steps: 2 of 2" in printed.err
    assert Image.open(pictures / "view-styled.png").size == (64, 42)
    assert read_image_mark(pictures / "view-styled.png") == "painting"
    kept = [
        "style",
        "stripes_0.png",
        "--picture",
        "view.jpg",
        "--out",
        "kept.png",
        "--keep-colours",
        *QUICK,
    ]
    assert main(kept) == 0
    free, bound = (np.asarray(Image.open(pictures / name)) for name in ("view-styled.png", "kept.png"))
    assert not np.array_equal(free, bound)
    assert main(kept) == 1
    assert "kept.png exists; add --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Name a painting, before the options"),
        (["missing.png"], "missing.png"),
        (["clip.mp4"], "clip.mp4 has many frames: a style is learned from one picture"),
        (["stripes_0.png", "stripes_0.png"], "stripes_0.png is the same picture as stripes_0.png"),
        (["stripes_0.png"] * 9, "9 paintings are given; a look has at most 8 styles"),
        (["stripes_0.png", "--out", "mine.txt"], "mine.txt has another suffix"),
        (["stripes_0.png", "--out", "theirs.onnx"], "is no look that limner style wrote"),
        (["stripes_0.png", "--out", "photo.onnx"], "photo-sheet.png is no sheet"),
        (["stripes_0.png", "--pixels", "60"], "pixels is 60"),
        (["stripes_0.png", "--strength", "-1"], "strength is -1"),
        (["stripes_0.png", "--steps", "0"], "steps is 0"),
        (["stripes_0.png", "--keep-colours"], "leave out --keep-colours"),
        (["stripes_0.png", "--content", "missing"], "There is no file or folder missing"),
        (["stripes_0.png", "--picture", "missing.png"], "missing.png does not exist"),
        (["stripes_0.png", "--picture", "."], "is a folder: give --picture one photo"),
        (["stripes_0.png", "--picture", "clip.mp4"], "clip.mp4 is a clip, and each frame"),
        (["stripes_0.png", "--picture", "narrow.png"], "is too narrow: its painting would have 64 x 6"),
        (["stripes_0.png", "stripes_1.png", "--picture", "photo.png"], "one painting, and 2 are given"),
        (
            ["stripes_0.png", "--picture", "photo.png", "--minutes", "1", "--no-stability", "--name", "a"],
            "leave out --minutes, --no-stability, --name",
        ),
        (["stripes_0.png", "--picture", "photo.png", "--pixels", "9000"], "long side has 64 to 4,096"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_nothing_is_written(
    options: list[str], sentence: str, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video(pictures / "clip.mp4", frames=2, size=(96, 64))
    scene(320, 30, seed=2).save(pictures / "narrow.png")
    (pictures / "theirs.onnx").write_text("mine")
    scene(20, 20).save(pictures / "photo-sheet.png")
    before = sorted(path.name for path in pictures.iterdir())
    assert main(["style", *QUICK, *options]) == 1
    assert sentence in capsys.readouterr().err
    assert sorted(path.name for path in pictures.iterdir()) == before
