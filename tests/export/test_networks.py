"""Classifiers for TensorFlow.js and LiteRT: their outputs are ONNX Runtime's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper

from helpers.classifiers import PIXELS, all_operators, classifier, network_of, regression
from helpers.tfjs import run_tfjs
from limner.errors import LimnerError
from limner.export.tfjs import MODEL, write_tfjs_network
from limner.export.tflite import write_tflite_network
from limner.look.session import make_session
from limner.networks.classifiers.catalog import CLASSIFIERS, REGRESSIONS
from limner.page.squeezenet_onnx import squeezenet_onnx


def last_axis(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values with channels last if they have four axes."""
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


def run_in_tfjs(model: ModelProto, inputs: NDArray[np.float32], folder: Path) -> list[Any]:
    write_tfjs_network(model, folder / "tfjs", name="net")
    request = {"values": inputs.ravel().tolist(), "shape": inputs.shape}
    outputs = run_tfjs("tfjs_predict.mjs", folder / "tfjs", request)
    return [np.array(each["values"], np.float32).reshape(each["shape"]) for each in outputs]


def run_in_litert(model: ModelProto, inputs: NDArray[np.float32], folder: Path) -> list[Any]:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    write_tflite_network(model, folder / "net.tflite", name="net")
    runner = litert.Interpreter(str(folder / "net.tflite")).get_signature_runner("serving_default")
    outputs = runner(**{model.graph.input[0].name: inputs})
    return [outputs[value.name] for value in model.graph.output]


RUNTIMES = {"tfjs": run_in_tfjs, "litert": run_in_litert}
on_each_runtime = pytest.mark.parametrize("runtime", RUNTIMES)


def check_outputs(model: ModelProto, inputs: NDArray[np.float32], runtime: str, folder: Path) -> None:
    """Compare a runtime with ONNX Runtime, within 1e-4 of 1 or of the largest value."""
    found = RUNTIMES[runtime](model, last_axis(inputs), folder)
    names = [value.name for value in model.graph.output]
    session = make_session(model.SerializeToString(), folder / "net.onnx")
    expected = session.run(names, {model.graph.input[0].name: inputs})
    for name, values, right in zip(names, found, map(last_axis, expected), strict=True):
        assert values.shape == right.shape, name
        scale = max(1.0, float(np.abs(right).max()))
        np.testing.assert_allclose(values, right, rtol=0, atol=1e-4 * scale, err_msg=name)
        assert right.size == 1 or np.ptp(right) > 0.05, f"{name} is nearly constant"


def pictures(channels: int, pixels: int = PIXELS) -> NDArray[np.float32]:
    return np.random.default_rng(8).random((1, channels, pixels, pixels), dtype=np.float32)


def node_kinds(folder: Path) -> Counter[str]:
    model = json.loads((folder / MODEL).read_text())
    return Counter(node["op"] for node in model["modelTopology"]["node"])


@on_each_runtime
def test_every_operator_computes_the_same(runtime: str, tmp_path: Path) -> None:
    inputs = np.random.default_rng(9).normal(0, 3, (1, 6, 9, 7)).astype(np.float32)
    check_outputs(all_operators(), inputs, runtime, tmp_path)


@on_each_runtime
def test_outputs_of_one_value_are_as_many_and_have_their_names(runtime: str, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Tanh", ["x"], ["bent"]),
        *(helper.make_node("Identity", [name], [f"{name}_{i}"]) for name in ("bent", "x") for i in (1, 2)),
    ]
    names = ["bent_2", "x_1", "bent_1", "x_2"]
    inputs = np.random.default_rng(9).normal(0, 3, (1, 6, 9, 7)).astype(np.float32)
    check_outputs(network_of(nodes, {}, names), inputs, runtime, tmp_path)


@on_each_runtime
@pytest.mark.parametrize("name", ["lenet", "resnet8"])
def test_small_classifiers_give_the_same_scores(name: str, runtime: str, tmp_path: Path) -> None:
    check_outputs(classifier(name, channels=1), pictures(1), runtime, tmp_path)


@pytest.mark.slow
@on_each_runtime
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_gives_the_same_scores(name: str, runtime: str, tmp_path: Path) -> None:
    check_outputs(classifier(name), pictures(3), runtime, tmp_path)


@on_each_runtime
def test_squeezenet_gives_the_same_features(runtime: str, tmp_path: Path) -> None:
    check_outputs(onnx.load_from_string(squeezenet_onnx()), pictures(3, 64), runtime, tmp_path)


@on_each_runtime
@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_network_of_one_number_predicts_the_same(name: str, runtime: str, tmp_path: Path) -> None:
    check_outputs(regression(name), np.array([[97.0]], np.float32), runtime, tmp_path)


def test_batch_norms_and_activations_cost_nothing(tmp_path: Path) -> None:
    write_tfjs_network(classifier("resnet8", channels=1), tmp_path / "tfjs", name="resnet8")
    kinds = node_kinds(tmp_path / "tfjs")
    assert (kinds["_FusedConv2D"], kinds["_FusedMatMul"], kinds["Mul"]) == (7, 1, 1)
    assert kinds["Relu"] == 3, "those after the sums"
    write_tfjs_network(all_operators(), tmp_path / "all", name="all")
    kinds = node_kinds(tmp_path / "all")
    assert (kinds["FusedDepthwiseConv2dNative"], kinds["DepthwiseConv2dNative"]) == (1, 1)
    assert (kinds["Relu6"], kinds["ClipByValue"]) == (0, 1)


def one_node(kind: str, constants: dict[str, Any], shape: tuple[Any, ...], **attributes: Any) -> ModelProto:
    node = helper.make_node(kind, ["x", *constants], ["y"], name="layer", **attributes)
    return network_of([node], {name: np.asarray(value) for name, value in constants.items()}, ["y"], shape)


PICTURE = ("batch", 4, 8, 8)
REFUSED = {
    "groups": (
        one_node("Conv", {"w": np.ones((4, 2, 3, 3), np.float32)}, PICTURE, group=2),
        r"net: layer \(Conv\) cannot be written for TensorFlow: it has 2 groups",
    ),
    "an average without its border": (
        one_node("AveragePool", {}, PICTURE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        r"layer \(AveragePool\) .*leaves the border out",
    ),
    "a mean over channels": (
        one_node("ReduceMean", {"axes": [1]}, PICTURE),
        r"layer \(ReduceMean\) .*only means over rows and columns",
    ),
    "a flattened output": (
        one_node("Flatten", {}, PICTURE),
        r"net: Its output y is a flattened picture",
    ),
    "a constant output": (
        network_of([helper.make_node("Tanh", ["w"], ["y"])], {"w": np.ones(3, np.float32)}, ["y"], PICTURE),
        "net: Its output y is the same for every input",
    ),
    "three axes": (one_node("Relu", {}, ("batch", 4, 8)), r"layer \(Relu\) .*its output has 3 axes"),
    "many pictures": (one_node("Relu", {}, (2, 4, 8, 8)), r"net: Its input x has shape \[2, 4, 8, 8\]"),
    "any side": (one_node("Relu", {}, ("batch", 4, "h", "w")), "net: Its input x has no fixed size"),
    "another softmax": (one_node("Softmax", {}, PICTURE), "only a softmax along the channels"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_refused_in_a_sentence(case: str, tmp_path: Path) -> None:
    model, sentence = REFUSED[case]
    with pytest.raises(LimnerError, match=sentence):
        write_tfjs_network(model, tmp_path / "tfjs", name="net")
    assert not (tmp_path / "tfjs").exists()


def test_flattened_values_are_only_read_by_a_linear_layer(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Mul", ["flat", "flat"], ["y"], name="square"),
    ]
    with pytest.raises(LimnerError, match=r"square \(Mul\) .*it reads a flattened picture"):
        write_tfjs_network(network_of(nodes, {}, ["y"]), tmp_path / "tfjs", name="net")
