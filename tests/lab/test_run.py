"""Whole trainings: they learn, repeat by seed, resume on the same curve, and leave what they promise."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from helpers.lab import Train, make_settings
from limner.errors import LimnerError
from limner.lab.examples import Examples
from limner.lab.loop import Budget, TrainingDiverged
from limner.lab.reporter import NullReporter


def curve(record: dict[str, Any]) -> list[tuple[float, ...]]:
    keys = ("epoch", "step", "train_loss", "train_score", "held_out_loss", "held_out_score")
    return [tuple(each[key] for key in keys) for each in record["history"]]


class StopAfter(NullReporter):
    """Presses Ctrl-C after some steps of a session."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def on_step(self, done: int, total: int) -> None:
        _ = done, total
        self._left -= 1
        if self._left == 0:
            signal.raise_signal(signal.SIGINT)


def test_lenet_learns_drawn_digits(train: Train, digits: Examples) -> None:
    record = train(make_settings(epochs=8), digits)
    assert record["test"]["accuracy"] >= 0.9
    assert record["history"][-1]["train_loss"] < record["history"][0]["train_loss"] / 2


def test_bfloat16_learns_as_float32_does(train: Train, digits: Examples) -> None:
    exact = train(make_settings(net="cnn"), digits, "float32")
    record = train(make_settings(net="cnn", precision="bfloat16"), digits, "bfloat16")
    assert "--precision bfloat16" in record["command"]
    losses, exact_losses = ([each["train_loss"] for each in run["history"]] for run in (record, exact))
    assert losses != exact_losses
    assert losses == pytest.approx(exact_losses, rel=0.05)
    # The file is in float32: ONNX Runtime computes what torch does.
    assert record["onnx_runtime"]["max_difference"] < 1e-4


def test_a_seed_gives_the_same_curve_twice_and_another_seed_another(train: Train, digits: Examples) -> None:
    first, again, other = (
        curve(train(make_settings(seed=seed), digits, folder))
        for seed, folder in ((3, "first"), (3, "again"), (4, "other"))
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("net", "optimizer"),
    [
        ("cnn", "adam"),  # cnn has dropout
        pytest.param("lenet", "momentum", marks=pytest.mark.slow),
        pytest.param("lenet", "lion", marks=pytest.mark.slow),
        pytest.param("lenet", "muon", marks=pytest.mark.slow),
    ],
)
def test_a_resumed_training_has_the_curve_of_one_that_was_never_stopped(
    train: Train, digits: Examples, net: str, optimizer: Any
) -> None:
    settings = make_settings(net=net, optimizer=optimizer, lr=1e-3, schedule="cosine")
    whole = train(settings, digits, "whole")
    for steps in (9, 14):  # in the middle of the first epoch and of the second
        with pytest.raises(KeyboardInterrupt):
            train(settings, digits, "parts", reporter=StopAfter(steps))
    parts = train(settings, digits, "parts")
    assert curve(parts) == curve(whole)
    assert parts["test"] == whole["test"]


def test_the_folder_has_record_onnx_and_plots(train: Train, digits: Examples, tmp_path: Path) -> None:
    record = train(make_settings(), digits)
    folder = tmp_path / "run"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "checkpoint.safetensors",
        "confusion.svg",
        "curves.svg",
        "digits-lenet.onnx",
        "record.json",
    }
    assert json.loads((folder / "record.json").read_text()) == record
    assert record["parameters"] == 61_706
    assert record["bytes"] == (folder / "digits-lenet.onnx").stat().st_size
    assert record["command"].startswith("limner lab digits --net lenet --optimizer adam --lr 0.002")
    assert np.sum(record["test"]["confusion"]) == record["data"]["test"] == 100


@pytest.mark.parametrize(("values", "factor"), [("0..1", 255.0), ("0..255", 1.0)])
def test_the_file_takes_pictures_of_its_range_in_any_batch(
    train: Train, digits: Examples, tmp_path: Path, values: Any, factor: float
) -> None:
    record = train(make_settings(), digits, values=values)
    path = tmp_path / "run/digits-lenet.onnx"
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    pictures = digits.test.inputs.numpy().astype(np.float32) / np.float32(factor)
    scores = np.concatenate(
        [session.run(None, {"pictures": part})[0] for part in np.split(pictures, [1, 8])]
    )
    accuracy = float((scores.argmax(1) == digits.test.targets.numpy()).mean())
    assert accuracy == pytest.approx(record["test"]["accuracy"])
    about = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert json.loads(about["limner.lab"])["range"] == values


def test_the_weights_that_are_best_on_held_out_examples_are_tested(train: Train, digits: Examples) -> None:
    record = train(make_settings(epochs=6, lr=0.02), digits)  # so fast that the last epoch may be worse
    scores = [each["held_out_score"] for each in record["history"]]
    assert record["chosen_epoch"] == 1 + int(np.argmax(scores))


def test_a_finished_training_is_not_repeated_and_another_one_is_refused(
    train: Train, digits: Examples, tmp_path: Path
) -> None:
    record = train(make_settings(epochs=1), digits)
    before = (tmp_path / "run/record.json").stat().st_mtime_ns
    assert train(make_settings(epochs=1), digits) == record
    assert (tmp_path / "run/record.json").stat().st_mtime_ns == before
    with pytest.raises(LimnerError, match="differs in lr, seed: choose another folder"):
        train(make_settings(epochs=1, lr=0.5, seed=2), digits)


def test_a_training_of_other_settings_or_data_is_not_resumed(train: Train, digits: Examples) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(make_settings(), digits, reporter=StopAfter(3))
    with pytest.raises(LimnerError, match="differs in schedule: give the same options to resume it"):
        train(make_settings(schedule="cosine"), digits)
    other = replace(digits, sha256="other")
    with pytest.raises(LimnerError, match="training on other data"):
        train(make_settings(), other)


def test_a_damaged_checkpoint_is_said_to_be_so(train: Train, digits: Examples, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(make_settings(), digits, reporter=StopAfter(3))
    path = tmp_path / "run/checkpoint.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(LimnerError, match=r"is damaged .*delete it, and training begins anew"):
        train(make_settings(), digits)


def test_minutes_end_a_training_in_the_middle_of_an_epoch(train: Train, digits: Examples) -> None:
    record = train(make_settings(epochs=10_000), digits, budget=Budget(minutes=0.01))
    assert record["stopped_by"] == "minutes"
    assert 0.6 <= record["seconds"] < 10
    assert record["history"][-1]["step"] == record["steps"]


def test_epochs_are_fitted_into_minutes_once(train: Train, digits: Examples) -> None:
    budget = Budget(minutes=0.05)
    with pytest.raises(KeyboardInterrupt):
        train(make_settings(), digits, budget=budget, reporter=StopAfter(2), fit_epochs=True)
    record = train(make_settings(), digits, budget=budget, fit_epochs=True)
    assert record["settings"]["epochs"] >= 1
    assert record["seconds"] < 10
    assert train(make_settings(), digits, budget=budget, fit_epochs=True) == record


def test_patience_ends_a_training_that_no_longer_improves(train: Train, digits: Examples) -> None:
    record = train(make_settings(lr=1e-9, epochs=50), digits, budget=Budget(patience=2))
    assert record["stopped_by"] == "patience"
    assert len(record["history"]) == record["chosen_epoch"] + 2


def test_a_training_that_diverges_says_so(train: Train, digits: Examples) -> None:
    with pytest.raises(TrainingDiverged, match=r"no longer a number after step .* smaller --lr"):
        train(make_settings(optimizer="sgd", lr=1e12), digits)


def test_more_a_batch_than_examples_is_refused(train: Train, digits: Examples) -> None:
    with pytest.raises(LimnerError, match="--batch is 600, but there are only 540 training examples"):
        train(make_settings(batch=600), digits)


@pytest.mark.parametrize(("net", "least"), [("line", 0.5), ("curve", 0.6)])
def test_cars_are_fitted_in_their_own_units(
    train: Train, cars: Examples, tmp_path: Path, net: str, least: float
) -> None:
    record = train(make_settings("cars", net=net, epochs=60, lr=0.02), cars)
    assert record["test"]["r2"] >= least
    session = onnxruntime.InferenceSession((tmp_path / f"run/cars-{net}.onnx").read_bytes())
    (predictions,) = session.run(None, {"values": cars.test.inputs.numpy()})
    error = np.sqrt(np.mean((predictions - cars.test.targets.numpy()) ** 2))
    assert error == pytest.approx(record["test"]["rmse"], rel=1e-4)
    assert "<svg" in (tmp_path / "run/fit.svg").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("net", ["resnet8", "airbench-quarter"])
def test_networks_for_colour_pictures_learn_and_export(train: Train, photos: Examples, net: str) -> None:
    record = train(make_settings("pictures", net=net, lr=1e-3, batch=45), photos)
    assert record["onnx_runtime"]["max_difference"] <= 1e-4
    assert record["history"][-1]["train_loss"] < record["history"][0]["train_loss"]
