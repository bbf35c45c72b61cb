"""`limner bench everywhere`: the networks that it takes, and the examples that it gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from helpers.classifiers import classifier, regression, with_about
from limner.bench.everywhere.examples import COUNT, draw_examples, example_size
from limner.bench.everywhere.models import BATCH, Model, as_training, make_models, read_model
from limner.bench.everywhere.networks import SqueezeNetClassifier
from limner.bench.everywhere.rows import max_difference
from limner.bench.everywhere.tfjs_files import write_tfjs_files
from limner.bench.everywhere.torch_network import read_network
from limner.bench.looks import random_look
from limner.errors import LimnerError
from limner.look.session import make_session


def one_input(path: Path, dims: list[Any], kind: int = TensorProto.FLOAT, count: int = 1) -> Path:
    inputs = [helper.make_tensor_value_info(f"x{i}", kind, dims) for i in range(count)]
    output = helper.make_tensor_value_info("y", kind, dims)
    graph = helper.make_graph([helper.make_node("Identity", ["x0"], ["y"])], "g", inputs, [output])
    onnx.save(helper.make_model(graph), path)
    return path


class TestModels:
    def test_a_free_batch_is_bound_to_one(self, tmp_path: Path) -> None:
        model = read_model(one_input(tmp_path / "a.onnx", ["batch", 3, 8, 8]))
        assert (model.name, model.shape, model.input, model.output) == ("a", (1, 3, 8, 8), "x0", "y")

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda path: path, "cannot be read"),
            (lambda path: (path.write_bytes(b"") and path) or path, "is an empty file: give ONNX files"),
            (lambda path: path.write_bytes(b"\x89PNG\r\n") and path, "give ONNX files"),
            (lambda path: one_input(path, [1, 3, "h", 8]), r"is 1 x 3 x \? x 8: give a file"),
            (lambda path: one_input(path, [4, 3, 8, 8]), "is 4 x 3 x 8 x 8: give a file for single"),
            (lambda path: one_input(path, [1, 4], TensorProto.INT64), "not of float32"),
            (lambda path: one_input(path, [1, 4], count=2), "needs the inputs x0, x1"),
        ],
    )
    def test_another_file_is_refused(
        self, make: Callable[[Path], Path], sentence: str, tmp_path: Path
    ) -> None:
        with pytest.raises(LimnerError, match=sentence):
            read_model(make(tmp_path / "a.onnx"))

    def test_those_that_are_measured_by_default(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "limner.bench.everywhere.models.make_classifier",
            lambda path, _, channels, pixels: one_input(path, ["batch", channels, pixels, pixels]),
        )
        models = make_models(tmp_path, quick=True)
        assert [model.name for model in models] == ["LeNet", "SqueezeNet", "LeNet, a training step of 64"]
        assert [model.shape for model in models] == [(1, 1, 28, 28), (1, 3, 224, 224), (64, 1, 28, 28)]
        # The first has learned, and what is trained has not.
        assert models[0].sha256 != models[2].sha256

    def test_squeezenet_has_its_published_size(self) -> None:
        network = SqueezeNetClassifier()
        assert sum(weight.numel() for weight in network.parameters()) == 1_248_424
        assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)

    @pytest.mark.parametrize(("net", "channels"), [("lenet", 1), ("resnet8", 3)])
    def test_torch_reads_a_classifier_that_computes_the_same(
        self, net: str, channels: int, tmp_path: Path
    ) -> None:
        check_torch(save_lab(tmp_path / "a.onnx", classifier(net, channels), net), tmp_path)

    def test_torch_reads_a_look_that_paints_the_same(self, tmp_path: Path) -> None:
        check_torch(random_look(tmp_path, "lean", 64), tmp_path)

    def test_torch_says_what_it_does_not_read(self, tmp_path: Path) -> None:
        with pytest.raises(LimnerError, match="torch has no network for this file"):
            read_network(one_input(tmp_path / "a.onnx", [1, 4]).read_bytes())
        with pytest.raises(LimnerError, match="torch has no network for this file"):
            read_network(save_lab(tmp_path / "b.onnx", regression("line"), "line").read_bytes())


def save_lab(path: Path, model: onnx.ModelProto, net: str) -> Path:
    """Write the network as `limner lab` does."""
    onnx.save(with_about(model, {"net": net}), path)
    return path


def check_torch(path: Path, folder: Path) -> None:
    model = read_model(path)
    example = draw_examples(model, folder / "examples.bin").values[0]
    with torch.inference_mode():
        found = read_network(path.read_bytes())(torch.from_numpy(example)).numpy()
    expected = make_session(path.read_bytes(), path).run([model.output], {model.input: example})[0]
    assert float(np.std(expected)) > 1e-3
    assert max_difference(found, expected) <= 1e-5


class TestExamples:
    def test_they_are_the_same_in_every_run(self, model: Model, tmp_path: Path) -> None:
        first, second = (draw_examples(model, tmp_path / name) for name in ("a", "b"))
        assert first.sha256 == second.sha256
        assert first.path.read_bytes() == second.path.read_bytes()
        assert len({each.tobytes() for each in first.values}) == COUNT

    def test_a_batch_has_pictures_and_then_classes(self, model: Model, tmp_path: Path) -> None:
        training = as_training(replace(model, shape=(1, 1, 28, 28)))
        values = draw_examples(training, tmp_path / "a").values[0]
        assert values.size == example_size(training) == BATCH * (28 * 28 + 1)
        classes = Counter(values[-BATCH:].tolist())
        assert set(classes) <= set(range(10))
        assert len(classes) > 5


def test_a_network_that_cannot_be_converted_has_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one_input(tmp_path / "a.onnx", [1, 3, 8, 8], count=2)
    assert "takes 2 inputs" in str(write_tfjs_files(path, tmp_path / "refused"))

    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("axis")

    monkeypatch.setattr("limner.bench.everywhere.tfjs_files.write_tfjs_network", fail)
    reason = write_tfjs_files(path, tmp_path / "failed")
    assert reason == "limner failed to export it for TensorFlow.js: KeyError: 'axis'"
