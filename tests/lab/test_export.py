"""The ONNX file has the network's own layers and names, and any network's outputs are torch's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import onnx
import pytest
import torch

from limner.errors import LimnerError
from limner.lab import export
from limner.lab.examples import Examples
from limner.lab.export import export_network, make_model
from limner.lab.options import CLASSIFIER_NAMES
from limner.lab.scaled import Scaled, scale_pictures
from limner.networks.classifiers.catalog import CLASSIFIERS

LARGE = ("googlenet", "mobilenet", "mobilenetv2", "airbench")


def scaled(name: str, examples: Examples) -> Scaled:
    torch.manual_seed(0)
    return scale_pictures(CLASSIFIERS[name](3, 32), examples.train.inputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CLASSIFIER_NAMES if name not in LARGE])
def test_outputs_equal_torch_s(name: str, photos: Examples, tmp_path: Path) -> None:
    found = export_network(scaled(name, photos), photos.test.inputs, tmp_path / "net.onnx", "0..255", {})
    assert (found.checked, found.bytes) == (50, (tmp_path / "net.onnx").stat().st_size)
    assert found.max_difference <= 1e-4
    model = onnx.load(tmp_path / "net.onnx")
    (about,) = (json.loads(each.value) for each in model.metadata_props)
    assert set(about["parameters"]) <= {tensor.name for tensor in model.graph.initializer}
    assert not {"scale", "shift", "whitening.weight"} & set(about["parameters"])


def test_layers_keep_their_names_and_batch_norms_their_nodes(photos: Examples) -> None:
    model = make_model(scaled("resnet8", photos), photos.test.inputs, "0..1")
    kinds = Counter(node.op_type for node in model.graph.node)
    assert (kinds["Conv"], kinds["BatchNormalization"], kinds["Gemm"]) == (7, 7, 1)
    weights = {tensor.name for tensor in model.graph.initializer}
    assert {"scale", "shift", "layers.0.0.weight", "layers.3.norm.running_var", "output.bias"} <= weights
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert all(len(node.input) == 2 for node in convolutions)
    # Layers that share a tensor could not be trained further.
    used = [name for node in convolutions for name in node.input[1:]]
    assert len(set(used)) == len(used)


def test_response_normalization_is_one_operator(photos: Examples) -> None:
    model = make_model(scaled("alexnet-small", photos), photos.test.inputs, "0..1")
    assert Counter(node.op_type for node in model.graph.node)["LRN"] == 2


def test_a_file_that_differs_from_torch_is_not_written(
    photos: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_DIFFERENCE", 0.0)
    with pytest.raises(LimnerError, match="outputs differ from torch's by"):
        export_network(scaled("lenet", photos), photos.test.inputs, tmp_path / "net.onnx", "0..1", {})
    assert not (tmp_path / "net.onnx").exists()
