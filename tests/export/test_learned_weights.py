"""Weights that a training step learned come back into the look, in the form that it had."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from limner.cli.main import main
from limner.errors import LimnerError
from limner.export.learned_weights import write_learned
from limner.export.train_step import BUNDLE, write_training_step
from limner.look.look import open_look
from limner.look.packaged import FOLDER
from limner.look.quantization import dequantize_weights, quantize_weights
from limner.look.storage import Storage

needs_engine = pytest.mark.skipif(
    not BUNDLE.exists() or shutil.which("node") is None, reason="the page is not built, or there is no Node"
)
NIGHT = FOLDER / "night.onnx"
Weights = dict[str, NDArray[np.float32]]


def convolutions(model: ModelProto) -> Weights:
    """The weights and biases of the look's convolutions, in float32, by the names that layers read."""
    constants = {t.name: numpy_helper.to_array(t) for t in dequantize_weights(model).graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "Conv" and node.name[:6] != "guide."]
    return {name: constants[name] for node in nodes for name in node.input[1:]}


def stored_night(storage: Storage, folder: Path) -> Path:
    model = quantize_weights(dequantize_weights(onnx.load(NIGHT)), storage)
    (folder / f"{storage}.onnx").write_bytes(model.SerializeToString())
    return folder / f"{storage}.onnx"


def nudged(weights: Weights) -> Weights:
    rng = np.random.default_rng(5)
    return {
        name: values + 0.02 * rng.standard_normal(values.shape).astype(np.float32)
        for name, values in weights.items()
    }


@pytest.mark.parametrize("storage", ["float32", "float16", "uint16", "uint8"])
def test_a_look_gets_the_weights_as_its_own_export_would_store_them(
    storage: Storage, tmp_path: Path
) -> None:
    source = stored_night(storage, tmp_path)
    weights = nudged(convolutions(onnx.load(source)))
    slots = {f"{name} mean": values for name, values in weights.items()}
    save_file(weights | slots, tmp_path / "weights.safetensors")
    learned = write_learned(source, tmp_path / "weights.safetensors", tmp_path / "learned.onnx")
    assert learned.weights == len(weights)

    expected = dequantize_weights(onnx.load(source))
    for tensor in expected.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))
    made = onnx.load(learned.path).graph.initializer
    own = {t.name: numpy_helper.to_array(t) for t in made}
    for tensor in quantize_weights(expected, storage).graph.initializer:
        assert np.array_equal(own[tensor.name], numpy_helper.to_array(tensor)), tensor.name

    look = open_look(learned.path)
    assert (look.name, set(look.figures)) == (
        "Night (learned)",
        {"parameters", "multiply_adds", "zero_stuffed"},
    )
    image = np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)
    (tmp_path / "float.onnx").write_bytes(expected.SerializeToString())
    error = np.mean((look.paint(image) - open_look(tmp_path / "float.onnx").paint(image)) ** 2)
    assert -10 * np.log10(error + 1e-12) > 40


@needs_engine
def test_what_a_step_learned_comes_back_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    step = write_training_step(NIGHT, Path("step.onnx"), loss="l1", optimizer="adam", batch=1)
    rng = np.random.default_rng(1)
    batches = [(rng.random((1, 3, 256, 256), np.float32), np.zeros((1, 3, 256, 256), np.float32))] * 3
    variables: dict[str, Any] = {"batches": batches}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(step.program(), variables)
    assert main(["train-step", str(NIGHT), "--weights", "step.safetensors", "--out", "new.onnx"]) == 0
    assert "24 tensors" in capsys.readouterr().out
    learned = convolutions(onnx.load("new.onnx"))
    state = load_file("step.safetensors")
    for name, values in learned.items():
        spread = np.ptp(state[name])
        assert np.abs(values - state[name]).max() <= spread / 255 + 1e-6, name
    names = json.loads(
        onnxruntime.InferenceSession("step.onnx").get_modelmeta().custom_metadata_map["limner.state"]
    )
    assert set(state) == set(names)
    before = convolutions(onnx.load(NIGHT))
    assert any(np.abs(before[name] - learned[name]).max() > 1e-3 for name in learned)


def strange_network() -> ModelProto:
    """Another program's, whose two layers share one bias that an Identity names twice."""
    constants = [
        numpy_helper.from_array(np.full((3, 3, 1, 1), 0.2, np.float32), "matrix"),
        numpy_helper.from_array(np.zeros(3, np.float32), "shared"),
        numpy_helper.from_array(np.full((3, 3, 1, 1), 5, np.int8), "whole"),
        numpy_helper.from_array(np.array(0.1, np.float32), "scale"),
    ]
    nodes = [
        helper.make_node("Identity", ["shared"], ["first"]),
        helper.make_node("DequantizeLinear", ["whole", "scale"], ["deep"]),
        helper.make_node("Conv", ["x", "matrix", "first"], ["a"]),
        helper.make_node("Conv", ["a", "deep", "shared"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8]) for name in "xy"]
    graph = helper.make_graph(nodes, "strange", values[:1], values[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_forms_of_other_programs_become_float32(tmp_path: Path) -> None:
    (tmp_path / "strange.onnx").write_bytes(strange_network().SerializeToString())
    weights = {
        "deep": np.random.default_rng(0).random((3, 3, 1, 1), np.float32),
        "first": np.array([1, 2, 3], np.float32),
    }
    save_file(weights, tmp_path / "w.safetensors")
    made = write_learned(tmp_path / "strange.onnx", tmp_path / "w.safetensors", tmp_path / "new.onnx")
    model = onnx.load(made.path)
    onnx.checker.check_model(model)
    own = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert set(own) == {"matrix", "shared", "deep", "first"}
    for name, values in weights.items():
        assert np.array_equal(own[name], values)
    assert not own["shared"].any()


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({"no.such": np.zeros(3, np.float32)}, r"has 'no\.such', and .* has no weight of that name"),
        ({"matrix": np.zeros((3, 3), np.float32)}, r"float32 of \[3, 3\]; .* float32 of \[3, 3, 1, 1\]"),
        ({"matrix": np.full((3, 3, 1, 1), np.nan, np.float32)}, "the training diverged"),
        ({"matrix": np.zeros((3, 3, 1, 1))}, "is float64"),
        ({}, "has no weights"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tensors: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "strange.onnx").write_bytes(strange_network().SerializeToString())
    save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(LimnerError, match=sentence):
        write_learned(tmp_path / "strange.onnx", tmp_path / "w.safetensors", tmp_path / "new.onnx")
    assert not (tmp_path / "new.onnx").exists()


def test_files_that_are_no_weights_and_places_that_are_taken_are_refused(tmp_path: Path) -> None:
    (tmp_path / "strange.onnx").write_bytes(strange_network().SerializeToString())
    (tmp_path / "w.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(LimnerError, match="is no safetensors file"):
        write_learned(tmp_path / "strange.onnx", tmp_path / "w.safetensors", tmp_path / "new.onnx")
    save_file({"matrix": np.zeros((3, 3, 1, 1), np.float32)}, tmp_path / "w.safetensors")
    with pytest.raises(LimnerError, match="is the source itself"):
        write_learned(tmp_path / "strange.onnx", tmp_path / "w.safetensors", tmp_path / "strange.onnx")
    (tmp_path / "taken.onnx").write_bytes(b"something else")
    with pytest.raises(LimnerError, match="no look of limner's"):
        write_learned(tmp_path / "strange.onnx", tmp_path / "w.safetensors", tmp_path / "taken.onnx")
