"""One's own folders of pictures: what becomes of them, and that a network learns to tell them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.files import video
from helpers.lab import Train
from limner.errors import LimnerError
from limner.lab.examples import Examples
from limner.lab.folders import load_folders
from limner.lab.options import LabSettings
from limner.networks.classifiers.squeezenet import SqueezeNetClassifier
from limner.networks.features import load_squeezenet

COLOURS = {"green": (40, 160, 60), "red": (190, 40, 50)}


def write_folders(root: Path, count: int = 12, names: tuple[str, ...] = ("green", "red")) -> Path:
    """Folders of small noisy pictures, each of its colour."""
    rng = np.random.default_rng(0)
    for name in names:
        (root / name).mkdir(parents=True)
        for number in range(count):
            noise = rng.integers(0, 60, (40, 48, 3))
            picture = (np.asarray(COLOURS.get(name, (99, 99, 99))) + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(picture).save(root / name / f"{number:02}.png")
    return root


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return load_folders(
        [write_folders(tmp_path_factory.mktemp("own") / "colours")], 32, print, out=Path("none")
    )


def settings(**changes: object) -> LabSettings:
    given: dict[str, object] = {
        "task": "classify",
        "net": "squeezenet",
        "optimizer": "adamw",
        "lr": 3e-4,
        "schedule": "one-cycle",
        "batch": 6,
        "epochs": 3,
        "seed": 0,
        "weight_decay": None,
        "label_smoothing": 0.0,
        "augment": True,
    }
    return LabSettings(**(given | changes))  # type: ignore[arg-type]


def test_each_folder_of_one_folder_is_a_class(examples: Examples) -> None:
    assert examples.classes == ("green", "red")
    assert [len(part.inputs) for part in (examples.train, examples.held_out, examples.test)] == [18, 2, 4]
    assert examples.train.inputs.shape[1:] == (3, 32, 32)
    for part in (examples.train, examples.held_out, examples.test):
        means = part.inputs.double().mean((2, 3))
        np.testing.assert_array_equal(part.targets, (means[:, 0] > means[:, 1]).long())


def test_no_picture_is_in_two_parts_and_the_order_of_folders_does_not_matter(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    one, other = (
        load_folders([root / name for name in names], 32, print, out=Path("none"))
        for names in (("green", "red"), ("red", "green"))
    )
    assert one.sha256 == other.sha256
    torch.testing.assert_close(one.train.inputs, other.train.inputs, rtol=0, atol=0)
    pictures = torch.cat([part.inputs for part in (one.train, one.held_out, one.test)]).flatten(1)
    assert len({picture.numpy().tobytes() for picture in pictures}) == 24


def test_files_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    (root / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    video(root / "red" / "clip.mp4", frames=2, size=(96, 64))
    told: list[str] = []
    assert len(load_folders([root], 32, told.append, out=Path("none")).train.inputs) == 18
    assert "broken.png" in told[0]
    assert "clip.mp4 is a clip: save some of its frames as pictures" in " ".join(told)


@pytest.mark.parametrize(
    ("names", "pixels", "sentence"),
    [
        ((), 32, "colours has no folders of pictures"),
        (("red",), 32, "colours has one folder of pictures"),
        (("green", "red"), 16, "--pixels is 16; choose 32 to 256"),
    ],
)
def test_what_cannot_be_told_apart_is_a_sentence(
    names: tuple[str, ...], pixels: int, sentence: str, tmp_path: Path
) -> None:
    root = tmp_path / "colours"
    root.mkdir()
    write_folders(root, names=names)
    with pytest.raises(LimnerError, match=sentence):
        load_folders([root], pixels, print, out=Path("none"))


def test_folders_that_are_missing_small_or_alike_are_sentences(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    few = write_folders(tmp_path / "few", count=9)
    for paths, sentence in (
        ([tmp_path / "gone"], "There is no folder"),
        ([root / "red" / "00.png"], "is a file: name a folder of pictures for each class"),
        ([root / "red", few / "green"], "green has 9 pictures that can be read, and a class needs 10 or"),
        ([root / "red", few / "red"], "Two folders are called red: rename one"),
        ([root, root / "red"], "The folder red is inside colours: a picture cannot be of both"),
    ):
        with pytest.raises(LimnerError, match=sentence):
            load_folders(paths, 32, print, out=Path("none"))


def test_the_network_begins_with_what_imagenet_left() -> None:
    network = SqueezeNetClassifier(3).eval()
    pictures = torch.rand((2, 3, 48, 48), generator=torch.Generator().manual_seed(0)) * 2 - 1
    (maps,) = load_squeezenet()(pictures, ["fire9"])
    weight, bias = network.classifier.weight.flatten(1), network.classifier.bias
    expected = torch.einsum("bchw,kc->bk", maps, weight) / maps[0, 0].numel() + bias
    torch.testing.assert_close(network(pictures), expected, rtol=1e-4, atol=1e-5)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_network_learns_to_tell_them_apart(train: Train, examples: Examples) -> None:
    record = train(settings(), examples)
    assert record["test"]["accuracy"] == 1.0
    assert record["history"][-1]["train_loss"] < 0.5 * record["history"][0]["train_loss"]
    assert record["onnx_runtime"]["max_difference"] < 1e-4
    assert record["command"].startswith("limner classify ")
    assert record["command"].endswith("--pixels 32 --lr 0.0003 --batch 6 --epochs 3 --seed 0")


def test_the_folder_of_the_results_is_no_class(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    out = root / "limner-lab" / "classify-colours"
    out.mkdir(parents=True)
    assert load_folders([root], 32, print, out=out).classes == ("green", "red")


def test_classes_are_called_as_the_folders_are_given(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    for name, original in (("grass", "green"), ("blood", "red")):
        (root / name).symlink_to(root / original)
    paths = [root / "grass", root / "blood"]
    assert load_folders(paths, 32, print, out=Path("none")).classes == ("blood", "grass")


def test_too_few_pictures_are_told_with_those_that_could_not_be_read(tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours", count=10)
    (root / "red" / "03.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(LimnerError, match=r"red has 9 pictures that can be read.*03\.png"):
        load_folders([root], 32, print, out=Path("none"))


def test_a_finished_training_is_not_that_of_other_pictures(train: Train, tmp_path: Path) -> None:
    root = write_folders(tmp_path / "colours")
    settings_of_one = settings(epochs=1)
    train(settings_of_one, load_folders([root], 32, print, out=Path("none")), "run")
    (root / "red" / "11.png").unlink()
    with pytest.raises(LimnerError, match="holds a training on other data"):
        train(settings_of_one, load_folders([root], 32, print, out=Path("none")), "run")
