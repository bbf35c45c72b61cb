"""limner classify: from folders to a network, and from it to a dream."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.files import photo, scene
from limner.cli.main import main


def write_classes(root: Path) -> None:
    for seed, name in enumerate(("dogs", "cats")):
        (root / name).mkdir(parents=True)
        for number in range(10):
            scene(40, 40, seed=100 * seed + number).save(root / name / f"{number}.png")


def test_folders_become_a_network_that_dreams(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_classes(work / "pets")
    photo(work / "photo.png")
    quick = ["--pixels", "32", "--epochs", "1", "--batch", "7"]
    assert main(["classify", "pets", *quick]) == 0
    printed = capsys.readouterr().out
    network = "limner-lab/classify-pets/classify-squeezenet.onnx"
    assert "squeezenet on Own pictures" in printed
    assert (
        "Repeat it: limner classify pets --pixels 32 --lr 0.0003 --batch 7 --epochs 1 --seed 0" in printed
    )
    assert f"limner dream PICTURE --network {network} --class cats" in printed
    assert {path.name for path in (work / "limner-lab" / "classify-pets").iterdir()} >= {
        "classify-squeezenet.onnx",
        "record.json",
        "curves.svg",
        "confusion.svg",
    }
    assert main(["classify", "pets", *quick]) == 0
    assert "has this training already" in capsys.readouterr().err
    short = ["--pixels", "64", "--octaves", "1", "--steps", "1"]
    assert main(["dream", "photo.png", "--network", network, "--class", "cats", *short]) == 0
    assert main(["dream", "photo.png", "--network", network, "--class", "birds", *short, "--force"]) == 1
    assert "The network has no class birds: it has cats, dogs." in capsys.readouterr().err
    assert (
        main(["dream", "--look", "cats", "--look-pixels", "64", "--network", network, "--class", "cats"])
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["classify"], "Name a folder of pictures for each class"),
        (["classify", "pets", "--lr", "0"], "--lr is 0.0, but has to be above 0"),
        (["classify", "pets", "--minutes", "-1"], "--minutes is -1"),
        (["classify", "gone"], "There is no folder gone."),
        (["dream", "photo.png", "--class", "cats"], "Classes are those of a network of your own"),
        (["dream", "a.png", "--network", "b", "--class", "c", "--layer", "fire4"], "leave out --layer"),
        (["dream", "photo.png", "--network", "gone.onnx"], "gone.onnx cannot be opened"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: list[str], sentence: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(work / "photo.png")
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err
