"""`limner bench everywhere`: accuracy on a task, on drawn digits and on a made-up MNIST."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from helpers.classifiers import learned_drawn_digits, with_about
from helpers.datasets import SIDE, TEST, store_tiny_mnist
from limner.bench.everywhere.accuracy import AccuracySet, write_accuracy_set
from limner.bench.everywhere.examples import Array, draw_examples, example_size
from limner.bench.everywhere.models import TRAINED, Model, as_training, read_model
from limner.bench.everywhere.processes import start_python
from limner.data.datasets.drawn_digits import draw_digits
from limner.data.datasets.labelled import load_labelled
from limner.errors import LimnerError
from limner.lab.sources import DRAWN_SEEDS
from limner.look.session import make_session

ABOUT = {"task": "digits", "net": "none", "data": "MNIST", "range": "0..255"}


def flat_network(path: Path, about: dict[str, Any]) -> Model:
    """A network of pictures of the made-up set, which `about` describes."""
    given, found = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 1, SIDE, SIDE]), ("y", [1, SIDE**2]))
    )
    graph = helper.make_graph([helper.make_node("Flatten", ["x"], ["y"])], "g", [given], [found])
    onnx.save(with_about(helper.make_model(graph), about), path)
    return read_model(path)


def read_pictures(found: AccuracySet, model: Model) -> Array:
    return np.fromfile(found.path, "<f4").reshape(-1, *model.shape[1:])


class TestAccuracySet:
    def test_a_network_of_drawn_digits_gets_the_lab_s_test_digits(self, tmp_path: Path) -> None:
        model = read_model(learned_drawn_digits(tmp_path / "a.onnx"))
        found = write_accuracy_set(model, 50, tmp_path / "pictures.bin")
        assert found is not None
        images, labels = draw_digits(50, DRAWN_SEEDS[1])
        assert found.title == "Drawn digits"
        assert found.labels.tolist() == labels.tolist()
        # The shipped network takes 0..1.
        assert np.array_equal(read_pictures(found, model), images.astype(np.float32) / np.float32(255))

    def test_pictures_come_from_all_parts_of_the_test_set(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sets = store_tiny_mnist(tmp_path, monkeypatch)
        monkeypatch.setenv("LIMNER_DATA", str(sets))
        test = load_labelled("mnist", sets).test
        model = flat_network(tmp_path / "a.onnx", ABOUT | {"data": "Tiny (a copy)"})
        found = write_accuracy_set(model, TEST // 4, tmp_path / "some.bin")
        assert found is not None
        assert found.title == "Tiny"
        assert found.labels.tolist() == test.labels[::4].tolist()
        assert np.array_equal(read_pictures(found, model), test.images[::4])
        whole = write_accuracy_set(model, 10 * TEST, tmp_path / "all.bin")
        assert whole is not None
        assert whole.labels.tolist() == test.labels.tolist()

    def test_a_set_that_is_not_here_is_refused_with_the_command_that_fetches_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LIMNER_DATA", str(tmp_path / "none"))
        with pytest.raises(LimnerError, match="MNIST is not on this machine: `limner data mnist`"):
            write_accuracy_set(read_model(TRAINED), 10, tmp_path / "pictures.bin")

    def test_pictures_of_another_size_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LIMNER_DATA", str(store_tiny_mnist(tmp_path, monkeypatch)))
        onnx.save(with_about(onnx.load(TRAINED), ABOUT | {"data": "Tiny"}), tmp_path / "a.onnx")
        with pytest.raises(LimnerError, match="of Tiny are 1 x 8 x 8, and the network's 1 x 28 x 28"):
            write_accuracy_set(read_model(tmp_path / "a.onnx"), 10, tmp_path / "pictures.bin")

    def test_a_network_of_one_s_own_classes_is_not_tested_on_the_set(self, tmp_path: Path) -> None:
        model = flat_network(tmp_path / "a.onnx", ABOUT | {"data": "My own"})
        with pytest.raises(LimnerError, match="has learned from 'My own'"):
            write_accuracy_set(model, 10, tmp_path / "pictures.bin")

    @pytest.mark.parametrize(
        "about", [{}, {"task": "cars", "data": "Cars", "range": "0..1"}, ABOUT | {"task": []}]
    )
    def test_a_network_without_a_known_task_has_none(self, about: dict[str, Any], tmp_path: Path) -> None:
        model = flat_network(tmp_path / "a.onnx", about)
        assert write_accuracy_set(model, 10, tmp_path / "pictures.bin") is None

    def test_a_training_has_none(self, tmp_path: Path) -> None:
        training = as_training(read_model(learned_drawn_digits(tmp_path / "a.onnx")))
        assert write_accuracy_set(training, 10, tmp_path / "pictures.bin") is None


def test_accuracy_is_the_part_of_pictures_whose_class_has_the_largest_score(tmp_path: Path) -> None:
    labels = np.array([0, 1, 2, 1])
    accuracy_set = AccuracySet("Four", tmp_path / "none", "", labels)
    scores = np.eye(3, dtype=np.float32)[[0, 1, 1, 1]]
    assert accuracy_set.score(scores.ravel()) == 0.75
    scores[0, 2] = np.nan
    scores[1, 1] = np.inf
    assert accuracy_set.score(scores.ravel()) == 0.25


def test_a_process_classifies_the_pictures_of_the_set(tmp_path: Path) -> None:
    model = read_model(learned_drawn_digits(tmp_path / "a.onnx"))
    accuracy_set = write_accuracy_set(model, 60, tmp_path / "pictures.bin")
    assert accuracy_set is not None
    process = start_python()
    try:
        process.ask(
            {
                **{"kind": "load", "runtime": "ONNX Runtime cpu", "training": False},
                **{"onnx": str(model.path), "pictures": str(accuracy_set.path)},
                **{"examples": str(draw_examples(model, tmp_path / "examples.bin").path)},
                **{"input": model.input, "shape": model.shape, "output": model.output},
                "size": example_size(model),
            }
        )
        outputs = [
            np.frombuffer(base64.b64decode(process.ask(request)["output"]), "<f4")
            for request in (
                {"kind": "classify", "first": 0, "count": 40},
                {"kind": "classify", "first": 40, "count": 20},
            )
        ]
    finally:
        process.close()
    session = make_session(model.path.read_bytes(), model.path)
    (expected,) = session.run(None, {model.input: read_pictures(accuracy_set, model)})
    found = np.concatenate(outputs)
    assert np.abs(found - expected.ravel()).max() <= 1e-4
    expected_accuracy = float((expected.argmax(1) == accuracy_set.labels).mean())
    assert accuracy_set.score(found) == expected_accuracy
    # It has learned MNIST's digits, which are like those that are drawn.
    assert expected_accuracy > 0.5
