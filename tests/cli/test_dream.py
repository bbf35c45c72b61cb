"""limner dream: pictures, clips, films and looks."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from helpers.files import photo, scene, video
from limner.cli.commands.dream import parse_channels
from limner.cli.main import main
from limner.errors import LimnerError
from limner.look.look import open_look
from limner.mark import read_image_mark

QUICK = ["--pixels", "64", "--octaves", "1", "--steps", "2", "--layer", "fire3"]


def test_a_picture_dreams(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo(work / "photo.png")
    assert main(["dream", "photo.png", *QUICK]) == 0
    printed = capsys.readouterr()
    assert "Dreamt: " in printed.out
    assert "Dreaming: 2 of 2" in printed.err
    assert read_image_mark(work / "photo-dream.png") == "painting"
    assert max(Image.open(work / "photo-dream.png").size) == 64


def test_a_picture_too_narrow_for_the_layer_does_not_end_the_folder(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = [*QUICK, "--layer", "fire9"]
    (work / "album").mkdir()
    photo(work / "album" / "photo.png")
    scene(320, 100, seed=2).save(work / "album" / "panorama.png")
    assert main(["dream", "album", *narrow]) == 0
    assert "panorama.png is too narrow: its dream would have 64 x 20 pixels" in capsys.readouterr().out
    assert [path.name for path in (work / "album-dream").iterdir()] == ["photo.png"]
    for film in ([], ["--seconds", "0.1"]):
        assert main(["dream", "album/panorama.png", *narrow, *film]) == 1
        assert "Give --pixels 68 or more, or an earlier --layer." in capsys.readouterr().err


def test_a_folder_of_dreams_speaks_of_dreams(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "album").mkdir()
    video(work / "album" / "clip.mp4", frames=2, size=(96, 64))
    assert main(["dream", "album", *QUICK]) == 1
    refused = capsys.readouterr().err
    assert "album has no pictures to dream of; clip.mp4 is a clip: dream of it separately." in refused
    photo(work / "album" / "photo.png")
    assert main(["dream", "album", *QUICK]) == 0
    printed = capsys.readouterr()
    assert "Dreams: 1 of 1" in printed.err
    assert "ainting" not in printed.err + printed.out


def test_channels_guide_and_seed_each_change_the_dream(work: Path) -> None:
    photo(work / "photo.png")
    scene(96, 96, seed=5).save(work / "guide.png")
    dreams = []
    for number, options in enumerate(
        ([], ["--channels", "3,17"], ["--guide", "guide.png"], ["--seed", "4"])
    ):
        assert main(["dream", "photo.png", "--out", f"{number}.png", *QUICK, *options]) == 0
        dreams.append(np.asarray(Image.open(work / f"{number}.png")).tobytes())
    assert len(set(dreams)) == len(dreams)


def test_a_clip_becomes_a_clip_and_a_picture_a_film(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video(work / "clip.mp4", frames=4, size=(96, 64))
    photo(work / "photo.png")
    assert main(["dream", "clip.mp4", "--frame-steps", "1", *QUICK]) == 0
    assert "seizures" not in capsys.readouterr().out
    assert main(["dream", "photo.png", "--seconds", "0.12", "--no-flash-limit", *QUICK]) == 0
    assert "seizures" in capsys.readouterr().out
    for name, frames in (("clip-dream.mp4", 4), ("photo-dream.mp4", 3)):
        with av.open(str(work / name)) as container:
            assert sum(1 for _ in container.decode(video=0)) == frames


def test_a_look_dreams(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dream", "--look", "deep", "--layer", "fire2", "--look-pixels", "64"]) == 0
    assert "limner publish deep.onnx" in capsys.readouterr().out
    look = open_look(work / "deep.onnx")
    assert look.name == "deep"
    assert look.size == "dream"  # the page shows it as the kind
    assert "dream" in look.state


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Name a picture or a clip"),
        (["missing.png"], "missing.png does not exist"),
        (["photo.png", "--channels", "a"], "channels is 'a'; give numbers with commas between"),
        (["photo.png", "--channels", "9999"], "fire3 has no channel 9999: choose 0 to 127"),
        (["photo.png", "--channels", "1", "--guide", "photo.png"], "leave out --channels"),
        (["photo.png", "--guide", "missing.png"], "missing.png cannot be opened"),
        (["photo.png", "--zoom", "0"], "zoom is 0"),
        (["photo.png", "--steps", "0"], "steps is 0"),
        (["clip.mp4", "--seconds", "1"], "is a clip, whose length the dream has: leave out --seconds"),
        ([".", "--seconds", "1"], "is a folder; a film begins with one picture"),
        (["photo.png", "--zoom", "1.1", "--no-flash-limit"], "leave out --zoom, --no-flash-limit, or make"),
        ([".", "--frame-steps", "2"], "A still has no frames: leave out --frame-steps"),
        (["photo.png", "--seconds", "1", "--camera", "0.5"], "mixes in no clip: leave out --camera"),
        (
            ["photo.png", "--look-pixels", "64"],
            "Without --look no look is written: leave out --look-pixels",
        ),
        (["clip.mp4", "--storage", "uint8"], "leave out --storage"),
        (["photo.png", "--look", "a.onnx"], "leave out the picture, --octaves, --steps, --pixels."),
        (["--look", "a.onnx", "--seconds", "2"], "leave out --seconds, --octaves"),
        (["--look", "a.onnx", "--zoom", "1.1"], "--pixels, --zoom."),
    ],
)
def test_what_cannot_be_dreamt_is_a_sentence(
    options: list[str], sentence: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(work / "photo.png")
    video(work / "clip.mp4", frames=2, size=(96, 64))
    assert main(["dream", *QUICK, *options]) == 1
    assert sentence in capsys.readouterr().err


def test_channels_are_numbers_with_commas() -> None:
    assert parse_channels("") == ()
    assert parse_channels("3, 17") == (3, 17)
    for text in ("3,", "-1", "3;4", "٣"):
        with pytest.raises(LimnerError):
            parse_channels(text)
