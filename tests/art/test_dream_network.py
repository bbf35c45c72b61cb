"""Networks of `limner classify` are read from their files, and dream of their classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor

from helpers.dreams import drawn
from limner.art.deepdream import DeepDream
from limner.art.dream_look import write_dream_look
from limner.art.dream_network import DreamNetwork, read_network
from limner.art.dream_objective import ClassScore
from limner.art.dream_options import DreamOptions
from limner.errors import LimnerError
from limner.lab.export import export_network
from limner.lab.scaled import scale_to_signed
from limner.look.look import open_look
from limner.networks.classifiers.squeezenet import SqueezeNetClassifier

NAMES = ["daisies", "roses", "tulips"]


@pytest.fixture(scope="module")
def classifier() -> SqueezeNetClassifier:
    torch.manual_seed(7)
    network = SqueezeNetClassifier(len(NAMES)).eval()
    with torch.no_grad():
        network.features.conv1.weight.mul_(1.1)  # so that it is not ImageNet's any more
    return network


@pytest.fixture(scope="module")
def file(classifier: SqueezeNetClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "flowers.onnx"
    pictures = (drawn(48) * 255).round().to(torch.uint8)
    about = {"task": "classify", "net": "squeezenet", "classes": NAMES}
    export_network(scale_to_signed(classifier), pictures, path, "0..1", about)
    return path


@pytest.fixture(scope="module")
def network(file: Path) -> DreamNetwork:
    return read_network(file)


def test_the_file_gives_the_network_back(classifier: SqueezeNetClassifier, network: DreamNetwork) -> None:
    read = network.features.state_dict()
    for name, value in classifier.features.state_dict().items():
        torch.testing.assert_close(read[name], value, rtol=0, atol=0)
    assert network.classes is not None
    assert network.classes.names == tuple(NAMES)


def scores(classifier: SqueezeNetClassifier, picture: Tensor) -> Tensor:
    with torch.no_grad():
        result: Tensor = classifier.eval()(2 * picture - 1)[0]  # without dropout
        return result


def test_a_dream_of_a_class_raises_its_score_above_the_others(
    classifier: SqueezeNetClassifier, network: DreamNetwork
) -> None:
    picture = drawn(64)
    assert network.classes is not None
    for number, name in enumerate(NAMES):
        objective = ClassScore(network.features, network.classes, name)
        before = scores(classifier, picture)
        mine = float(before[number] - before[torch.arange(3) != number].mean())
        bias = classifier.classifier.bias
        assert bias is not None
        assert float(objective(picture)) == pytest.approx(mine, abs=1e-4)  # biases are 0
        dream = DeepDream(objective, DreamOptions(octaves=1, steps=8, pixels=64))(picture)
        after = scores(classifier, dream)
        assert float(after[number] - after[torch.arange(3) != number].mean()) > mine + 0.1


def test_its_look_has_a_slider_of_classes(network: DreamNetwork, tmp_path: Path) -> None:
    path = tmp_path / "roses.onnx"
    written = write_dream_look(path, "fire9", network=network, class_name="roses", pixels=64)
    assert written.difference < 1e-5
    look = open_look(path)
    slider = look.live["channel"]
    assert (slider.label, slider.minimum, slider.maximum, slider.default) == (
        "Class (0 daisies, 1 roses, 2 tulips)",
        0,
        2,
        1,
    )
    picture = drawn(64)[0].permute(1, 2, 0).numpy()
    dreams = []
    for number in (0, 1):
        look.reset_state()
        look.paint(picture, channel=number)
        dreams.append(look.read_state()["dream"])
    assert np.abs(dreams[0] - dreams[1]).max() > 0.01


def _edited(file: Path, tmp_path: Path, change: Any) -> Path:
    model = onnx.load(file)
    change(model)
    path = tmp_path / "edited.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _rename_task(model: Any) -> None:
    about = json.loads(model.metadata_props[0].value)
    model.metadata_props[0].value = json.dumps(about | {"task": "digits"})


def _break_metadata(model: Any) -> None:
    model.metadata_props[0].value = "{"


def _narrow(model: Any) -> None:
    tensor = next(each for each in model.graph.initializer if each.name == "classifier.weight")
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[:, :9], tensor.name))


def _poison(model: Any) -> None:
    tensor = next(each for each in model.graph.initializer if each.name == "features.conv1.weight")
    values = numpy_helper.to_array(tensor).copy()
    values.flat[3] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_rename_task, "is no network of `limner classify`"),
        (_break_metadata, "is no network of `limner classify`"),
        (_narrow, r"it lacks classifier.weight of shape \(3, 512, 1, 1\)"),
        (_poison, "its features.conv1.weight has other than finite float32 numbers"),
    ],
)
def test_other_files_are_refused(change: Any, sentence: str, file: Path, tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=sentence):
        read_network(_edited(file, tmp_path, change))


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.onnx").write_text("words")
    with pytest.raises(LimnerError, match="is not an ONNX file"):
        read_network(tmp_path / "words.onnx")
    with pytest.raises(LimnerError, match="cannot be opened"):
        read_network(tmp_path / "gone.onnx")
