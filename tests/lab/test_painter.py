"""Networks of a place learn a picture, go on where they stopped, and leave what they promise."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from limner.errors import LimnerError
from limner.export.step_options import OptimizerName
from limner.lab.loop import TrainingDiverged
from limner.lab.painter import export
from limner.lab.painter.export import paint
from limner.lab.painter.loop import draw_pixels, make_state
from limner.lab.painter.options import SIZES, make_settings
from limner.lab.painter.picture import Picture, load_picture, pixel_places
from limner.lab.painter.reporter import NullPainterReporter
from limner.lab.painter.run import PainterOptions, run_painter

SIDE = 32
STEPS = 120
NAMES = {"checkpoint.safetensors", "painting.png", "network.onnx", "record.json", "curve.svg"}


class StopAfter(NullPainterReporter):
    """Presses Ctrl-C after some steps of a session."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def on_step(self, done: int, total: int) -> None:
        _ = done, total
        self._left -= 1
        if self._left == 0:
            signal.raise_signal(signal.SIGINT)


def discs(side: int) -> Image.Image:
    """Orange and blue discs on a slope of grey."""
    y, x = np.mgrid[:side, :side] / side
    values = np.repeat((0.2 + 0.5 * y)[:, :, None], 3, 2)
    values[(x - 0.3) ** 2 + (y - 0.4) ** 2 < 0.04] = (0.9, 0.5, 0.1)
    values[(x - 0.7) ** 2 + (y - 0.6) ** 2 < 0.05] = (0.1, 0.3, 0.8)
    return Image.fromarray((values * 255).astype(np.uint8))


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    path = tmp_path / "discs.png"
    discs(SIDE).save(path)
    return load_picture(path, SIDE)


def learn(
    picture: Picture,
    folder: Path,
    *,
    steps: int = STEPS,
    minutes: float | None = None,
    pixels: int = SIDE,
    reporter: Any = None,
    **settings: Any,
) -> dict[str, Any]:
    options = PainterOptions("discs.png", folder, steps, minutes, pixels)
    own = make_settings(**({"batch": 512} | settings))
    return run_painter(
        picture, own, options, {"machine": {"cpu": "a test's"}}, reporter or NullPainterReporter()
    )


@pytest.mark.parametrize(
    ("settings", "least"),
    [
        ({"net": "grid"}, 24),
        ({"net": "siren", "lr": 2e-3}, 24),
        ({"net": "fourier"}, 24),
        ({"net": "mlp", "lr": 0.02}, 17),
    ],
    ids=lambda value: value["net"] if isinstance(value, dict) else "",
)
def test_each_network_learns_what_a_constant_cannot(
    picture: Picture, tmp_path: Path, settings: dict[str, Any], least: float
) -> None:
    record = learn(picture, tmp_path / "out", **settings)
    flat = -10 * np.log10(picture.colours.numpy().var(0).mean())
    assert record["constant_colour"]["psnr"] == pytest.approx(flat, abs=1e-3)
    assert flat < 14
    assert record["test"]["psnr"] >= least
    assert record["start"]["psnr"] < 14
    assert record["history"][-1]["psnr"] > record["history"][0]["psnr"]


def test_the_folder_has_painting_network_record_and_curve(picture: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    record = learn(picture, folder, pixels=50, act="relu", net="mlp", frozen=["hidden2"])
    assert {path.name for path in folder.iterdir()} == NAMES
    assert json.loads((folder / "record.json").read_text()) == record
    assert record["bytes"] == (folder / "network.onnx").stat().st_size
    assert record["command"] == (
        "limner lab painter discs.png --net mlp --depth 3 --width 32 --act relu --optimizer adam "
        f"--lr 0.01 --batch 512 --frozen hidden2 --seed 0 --steps {STEPS}"
    )
    assert [each["step"] for each in record["history"]] == [100, STEPS]
    assert "<svg" in (folder / "curve.svg").read_text()
    with Image.open(folder / "painting.png") as painting:
        assert (painting.size, painting.mode) == ((50, 50), "RGB")


def test_the_painting_is_that_of_onnx_runtime_at_any_size(picture: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    learn(picture, folder, pixels=45)
    session = onnxruntime.InferenceSession((folder / "network.onnx").read_bytes())
    places = pixel_places(45).T.reshape(1, 2, 45, 45).numpy()
    (colours,) = session.run(None, {"xy": places[:, :, 10:30]})
    with Image.open(folder / "painting.png") as painting:
        painted = np.asarray(painting, np.float32)[10:30] / 255
    assert np.abs(colours[0].transpose(1, 2, 0).clip(0, 1) - painted).max() < 0.51 / 255
    about = {each.key: each.value for each in onnx.load(folder / "network.onnx").metadata_props}
    own = json.loads(about["limner.lab"])
    assert own["task"] == "painter"
    assert {"grid8", "grid128", "hidden1.weight", "colour.bias"} <= set(own["parameters"])


@pytest.mark.parametrize("net", [*SIZES])
def test_onnx_runtime_equals_torch(picture: Picture, tmp_path: Path, net: str) -> None:
    record = learn(picture, tmp_path / "out", net=net, steps=30)
    assert record["onnx_runtime"]["checked"] == 256 * 256
    assert record["onnx_runtime"]["max_difference"] <= 1e-5


def test_a_file_that_differs_from_torch_is_not_written(
    picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(export.OPERATORS, "tanh", "Sigmoid")
    with pytest.raises(LimnerError, match="colours differ from torch's by"):
        learn(picture, tmp_path / "out", net="mlp", steps=2)
    assert not (tmp_path / "out/network.onnx").exists()


def test_a_network_that_makes_much_of_rounding_is_written(picture: Picture, tmp_path: Path) -> None:
    record = learn(picture, tmp_path / "out", net="siren", depth=6, width=64, lr=0.01, steps=30)
    assert record["onnx_runtime"]["max_difference"] > 1e-5
    assert (tmp_path / "out/network.onnx").exists()


def curve(record: dict[str, Any]) -> list[tuple[int, float]]:
    return [(each["step"], each["loss"]) for each in record["history"]]


def test_a_stopped_training_goes_on_and_more_steps_follow(picture: Picture, tmp_path: Path) -> None:
    whole = learn(picture, tmp_path / "whole", steps=250)
    for steps in (30, 75):
        with pytest.raises(KeyboardInterrupt):
            learn(picture, tmp_path / "parts", steps=200, reporter=StopAfter(steps))
    first = learn(picture, tmp_path / "parts", steps=200)
    assert first["steps"] == 200
    parts = learn(picture, tmp_path / "parts", steps=250)
    assert curve(parts) == curve(whole)
    assert parts["test"] == whole["test"]
    with pytest.raises(LimnerError, match=r"training of 250 steps already, more than 100: give more"):
        learn(picture, tmp_path / "parts", steps=100)


def test_a_seed_gives_the_same_curve_twice_and_another_seed_another(
    picture: Picture, tmp_path: Path
) -> None:
    first, again, other = (
        curve(learn(picture, tmp_path / name, net="siren", seed=seed, steps=20))
        for name, seed in (("first", 3), ("again", 3), ("other", 4))
    )
    assert first == again
    assert first != other


def test_a_finished_training_only_paints_again(picture: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    record = learn(picture, folder)
    before = {name: (folder / name).stat().st_mtime_ns for name in NAMES}
    assert learn(picture, folder) == record
    assert {name: (folder / name).stat().st_mtime_ns for name in NAMES} == before
    larger = learn(picture, folder, pixels=300)
    assert larger == record | {"painting": {"pixels": 300}}
    with Image.open(folder / "painting.png") as painting:
        assert painting.size == (300, 300)
    with pytest.raises(LimnerError, match="differs in net, width, lr: choose another folder"):
        learn(picture, folder, net="siren", depth=1)


def test_another_picture_in_the_same_folder_is_refused(picture: Picture, tmp_path: Path) -> None:
    learn(picture, tmp_path / "out", steps=5)
    Image.new("RGB", (SIDE, SIDE), "red").save(tmp_path / "red.png")
    with pytest.raises(LimnerError, match="training on other data"):
        learn(load_picture(tmp_path / "red.png", SIDE), tmp_path / "out", steps=5)


def test_minutes_end_a_training(picture: Picture, tmp_path: Path) -> None:
    record = learn(picture, tmp_path / "out", steps=1_000_000, minutes=0.005)
    assert record["stopped_by"] == "minutes"
    assert 0.3 <= record["seconds"] < 5
    assert record["history"][-1]["step"] == record["steps"]
    assert record["command"].endswith(f"--steps {record['steps']}")


@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
def test_every_optimizer_lessens_the_error(picture: Picture, tmp_path: Path, optimizer: str) -> None:
    record = learn(picture, tmp_path / "out", optimizer=optimizer, steps=40)
    assert record["test"]["loss"] < record["start"]["loss"]


def test_frozen_layers_stay_as_they_were_drawn(picture: Picture, tmp_path: Path) -> None:
    learn(picture, tmp_path / "out", frozen=["grids", "colour"], steps=5)
    first = make_state(make_settings()).network.state_dict()
    model = onnx.load(tmp_path / "out/network.onnx")
    learned = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    same = {name for name, value in first.items() if np.array_equal(value.numpy(), learned[name])}
    assert same == {name for name in first if name.startswith(("grid", "colour"))}


def test_a_step_leaves_all_but_the_last_layer_as_it_was(picture: Picture, tmp_path: Path) -> None:
    learn(picture, tmp_path / "out", net="mlp", act="step", steps=5)
    first = make_state(make_settings(net="mlp", act="step")).network.state_dict()
    model = onnx.load(tmp_path / "out/network.onnx")
    assert Counter(node.op_type for node in model.graph.node)["Sign"] == 3
    for each in model.graph.initializer:
        is_same = np.array_equal(first[each.name].numpy(), onnx.numpy_helper.to_array(each))
        assert is_same == (not each.name.startswith("colour")), each.name


def test_pixels_are_drawn_by_step_or_are_all() -> None:
    settings = make_settings(batch=16)
    first, again, next_one = (draw_pixels(settings, 1024, step) for step in (0, 0, 1))
    assert isinstance(first, torch.Tensor)
    assert torch.equal(first, again)  # type: ignore[arg-type]
    assert not torch.equal(first, next_one)  # type: ignore[arg-type]
    assert draw_pixels(make_settings(batch=1024), 1024, 5) == slice(None)


def test_a_training_that_diverges_says_so(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(TrainingDiverged, match=r"no longer a number after step .* smaller --lr"):
        learn(picture, tmp_path / "out", optimizer="sgd", lr=1e30)


def test_the_middle_of_a_picture_is_learned(tmp_path: Path) -> None:
    wide = Image.new("RGB", (96, 32), "red")
    wide.paste(discs(SIDE), (32, 0))
    wide.save(tmp_path / "wide.png")
    found = load_picture(tmp_path / "wide.png", SIDE)
    expected = np.asarray(discs(SIDE), np.float32).reshape(-1, 3) / 255
    assert np.abs(found.colours.numpy() - expected).max() < 1e-6
    assert found.places[0].tolist() == pytest.approx([-1 + 1 / SIDE, -1 + 1 / SIDE])
    assert found.places[1, 0] > found.places[0, 0]


def test_a_painting_does_not_depend_on_how_many_rows_are_painted_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = make_state(make_settings(net="siren")).network
    whole = paint(network, 40)
    monkeypatch.setattr(export, "CHUNK", 90)
    assert np.abs(paint(network, 40) - whole).max() < 1e-6


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"net": "siren", "act": "relu"}, "--act is for --net mlp: siren has activations of its own"),
        ({"net": "mlp", "act": "rely"}, "Did you mean relu?"),
        ({"net": "sirens"}, "limner lab painter has no --net sirens. Did you mean siren?"),
        ({"net": "synaptic"}, "synaptic's perceptron learns in the page alone"),
        ({"depth": 17}, "--depth is 17, but has to be a whole number from 0 to 16"),
        ({"width": 0}, "--width is 0"),
        ({"batch": 65537}, "--batch is 65537, but has to be a whole number from 1 to 65,536"),
        ({"seed": -1}, "--seed is -1"),
        ({"lr": float("nan")}, "--lr is nan, but has to be above 0"),
        ({"net": "siren", "frozen": ["grids"]}, "has no --frozen grids"),
        ({"depth": 0, "frozen": ["grids", "colour"]}, "--frozen names all layers"),
    ],
)
def test_settings_that_cannot_be_used_get_a_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LimnerError) as caught:
        make_settings(**given)
    assert sentence in str(caught.value)
