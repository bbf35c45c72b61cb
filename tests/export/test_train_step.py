"""A training step in a file trains as torch does, in ONNX Runtime and in onnx's reference evaluator."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn, optim

from helpers.looks import PIXELS, edge_graph, edge_module
from limner.cli.main import main
from limner.errors import LimnerError
from limner.export.parity import with_weights
from limner.export.step_options import RATES, Loss, OptimizerName
from limner.export.train_step import BUNDLE, TrainingStep, is_training_step, write_training_step
from limner.look.look import open_look
from limner.look.packaged import FOLDER
from limner.look.quantization import dequantize_weights, quantize_weights
from limner.networks.generator import make_generator
from limner.page.chromium import find_chromium
from limner.recipe import Recipe
from onnx_cases.optimizers import orthogonalize

needs_engine = pytest.mark.skipif(not BUNDLE.exists(), reason="the page is not built: run `make web`")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def draw(*shapes: tuple[int, ...], steps: int) -> list[Batch]:
    rng = np.random.default_rng(4)
    return [tuple(rng.random(shape, np.float32) for shape in shapes) for _ in range(steps)]  # type: ignore[misc]


def run_program(step: TrainingStep, batches: list[Batch]) -> tuple[list[float], dict[str, Any]]:
    """The losses that the step's own program prints, and its variables at the end."""
    printed = io.StringIO()
    variables: dict[str, Any] = {"batches": batches}
    with contextlib.redirect_stdout(printed):
        exec(step.program(), variables)
    return [float(line.split()[1]) for line in printed.getvalue().splitlines()], variables


@cache
def small_network() -> ModelProto:
    """A convolution, max pooling and a matrix, of opset 17: (batch, 2, 6, 6) to (batch, 3)."""
    rng = np.random.default_rng(1)
    weights = {"conv": (4, 2, 3, 3), "bias": (4,), "matrix": (3, 36), "shift": (3,)}
    constants = [
        numpy_helper.from_array((0.4 * rng.standard_normal(shape)).astype(np.float32), name)
        for name, shape in weights.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "conv", "bias"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["a"], ["b"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("Gemm", ["c", "matrix", "shift"], ["y"], transB=1),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", floats, ["batch", 2, 6, 6])],
        [helper.make_tensor_value_info("y", floats, ["batch", 3])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class SmallNetwork(nn.Module):
    """The same in torch."""

    def __init__(self) -> None:
        super().__init__()
        for constant in small_network().graph.initializer:
            self.register_parameter(
                constant.name, nn.Parameter(torch.tensor(numpy_helper.to_array(constant)))
            )

    def forward(self, x: Tensor) -> Tensor:
        weights = dict(self.named_parameters())
        features = nn.functional.conv2d(x, weights["conv"], weights["bias"], padding=1)
        flat = nn.functional.max_pool2d(features, 2).flatten(1)
        return nn.functional.linear(flat, weights["matrix"], weights["shift"])


def write_small(
    folder: Path,
    optimizer: OptimizerName = "adam",
    *,
    loss: Loss = "mse",
    batch: int = 3,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> TrainingStep:
    (folder / "small.onnx").write_bytes(small_network().SerializeToString())
    return write_training_step(
        folder / "small.onnx",
        folder / "step.onnx",
        loss=loss,
        optimizer=optimizer,
        batch=batch,
        clip_norm=clip_norm,
        clip_value=clip_value,
    )


@needs_engine
@needs_node
def test_a_look_with_8_bit_weights_trains_as_in_torch(tmp_path: Path) -> None:
    model = quantize_weights(edge_graph(), "uint8")
    (tmp_path / "look.onnx").write_bytes(model.SerializeToString())
    step = write_training_step(
        tmp_path / "look.onnx", tmp_path / "step.onnx", loss="l1", optimizer="adam", batch=2
    )
    shape = (2, 3, PIXELS, PIXELS)
    assert step.inputs == {"image": list(shape), "target": list(shape)}
    batches = draw(shape, shape, steps=20)
    losses, _ = run_program(step, batches)
    module = with_weights(edge_module(), dequantize_weights(model))
    optimizer = optim.Adam(module.generator.parameters(), RATES["adam"])
    for (image, target), made in zip(batches, losses, strict=True):
        loss = (
            (module(torch.from_numpy(image), *module.defaults())[0] - torch.from_numpy(target)).abs().mean()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert made == pytest.approx(loss.item(), rel=1e-3)
    assert losses[-1] < losses[0]


TORCH: dict[OptimizerName, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "momentum": lambda weights, lr: optim.SGD(weights, lr, momentum=0.9),
    "nesterov": lambda weights, lr: optim.SGD(weights, lr, momentum=0.9, nesterov=True),
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
    "rmsprop": optim.RMSprop,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
}
"""torch has no Lion: web/tests/node/optimizers.test.ts holds its formula to the paper's."""


@needs_engine
@needs_node
@pytest.mark.parametrize("name", TORCH)
def test_the_program_of_each_optimizer_trains_as_in_torch(name: OptimizerName, tmp_path: Path) -> None:
    step = write_small(tmp_path, name)
    batches = draw((3, 2, 6, 6), (3, 3), steps=5)
    _, variables = run_program(step, batches)
    network = SmallNetwork()
    train_in_torch(network, [TORCH[name](network.parameters(), lr=RATES[name])], batches)
    check_weights(step, variables, network)


def train_in_torch(
    network: SmallNetwork,
    optimizers: list[optim.Optimizer],
    batches: list[Batch],
    clip: Callable[[], object] = lambda: None,
) -> None:
    """`clip` changes the gradients."""
    for x, target in batches:
        loss = nn.functional.mse_loss(network(torch.from_numpy(x)), torch.from_numpy(target))
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        clip()
        for optimizer in optimizers:
            optimizer.step()


def check_weights(step: TrainingStep, variables: dict[str, Any], network: SmallNetwork) -> None:
    for weight, expected in network.named_parameters():
        assert weight in step.parameters
        assert np.abs(variables["feeds"][weight] - expected.detach().numpy()).max() < 1e-5


@needs_engine
@needs_node
def test_muon_moves_matrices_and_adamw_the_others(tmp_path: Path) -> None:
    step = write_small(tmp_path, "muon")
    batches = draw((3, 2, 6, 6), (3, 3), steps=5)
    _, variables = run_program(step, batches)
    network = SmallNetwork()
    others = [weight for name, weight in network.named_parameters() if name != "matrix"]
    optimizers = [optim.Muon([network.get_parameter("matrix")], RATES["muon"]), optim.AdamW(others, 1e-3)]
    with mock.patch("torch.optim._muon._zeropower_via_newtonschulz", orthogonalize):  # not in bfloat16
        train_in_torch(network, optimizers, batches)
    check_weights(step, variables, network)


@needs_engine
@needs_node
def test_gradients_are_clipped_as_in_torch(tmp_path: Path) -> None:
    step = write_small(tmp_path, "momentum", clip_norm=0.5, clip_value=0.1)
    batches = draw((3, 2, 6, 6), (3, 3), steps=5)
    _, variables = run_program(step, batches)
    network = SmallNetwork()
    clipped = []

    def clip() -> None:
        length = nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        assert max(float(gradient.abs().max()) for gradient in gradients) > 0.1
        nn.utils.clip_grad_value_(network.parameters(), 0.1)
        clipped.append(float(length) > 0.5)

    train_in_torch(network, [TORCH["momentum"](network.parameters(), lr=RATES["momentum"])], batches, clip)
    assert all(clipped)
    check_weights(step, variables, network)


@needs_engine
@needs_node
@pytest.mark.parametrize("loss", ["l1", "cross-entropy", "bce"])
def test_the_reference_evaluator_computes_the_same_step(loss: Loss, tmp_path: Path) -> None:
    step = write_small(tmp_path, loss=loss)
    x, target = draw((3, 2, 6, 6), (3, 3), steps=1)[0]
    if loss == "cross-entropy":
        target = np.array([0, 2, 1], np.float32)
    model = onnx.load(step.path)
    assert {node.domain for node in model.graph.node} == {""}
    state = json.loads(next(p.value for p in model.metadata_props if p.key == "limner.state"))
    feeds = {"x": x, "target": target, "scalars": np.array([0.01, 31.6, 1], np.float32)}
    outputs = [step.loss, *state.values()]
    made = onnxruntime.InferenceSession(step.path).run(outputs, feeds)
    defaults = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer if c.name in state}
    expected = ReferenceEvaluator(model).run(outputs, feeds | defaults)
    for name, own, other in zip(outputs, made, expected, strict=True):
        assert own == pytest.approx(other, abs=1e-5), name


@needs_engine
@needs_node
def test_the_guide_and_the_noise_of_a_look_are_not_learned(tmp_path: Path) -> None:
    step = write_training_step(
        FOLDER / "sea.onnx", tmp_path / "step.onnx", loss="l1", optimizer="sgd", batch=1
    )
    network = make_generator(Recipe())
    convolutions = [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]
    assert set(step.parameters) == {
        f"{name}.{part}" for name in convolutions for part in ("weight", "bias")
    }


@needs_engine
@needs_node
def test_the_program_draws_the_noise_of_dropout(tmp_path: Path) -> None:
    model = ModelProto.FromString(small_network().SerializeToString())
    model.graph.node[2].input[0] = "dropped"
    model.graph.node.insert(2, helper.make_node("Dropout", ["b", "ratio"], ["dropped"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array(0.5, np.float32), "ratio"))
    (tmp_path / "dropout.onnx").write_bytes(model.SerializeToString())
    step = write_training_step(
        tmp_path / "dropout.onnx", tmp_path / "step.onnx", loss="mse", optimizer="adam", batch=3
    )
    (noise,) = step.noise
    assert step.inputs[noise] == [3, 4, 3, 3]
    same = draw((3, 2, 6, 6), (3, 3), steps=1) * 3
    losses, _ = run_program(step, same)
    assert np.isfinite(losses).all()
    assert len(set(losses)) == 3


@needs_engine
@pytest.mark.browser
@pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")
def test_a_browser_makes_the_same_file_where_there_is_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_node = write_small(tmp_path).path.read_bytes()
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert write_small(tmp_path).path.read_bytes() == in_node


def test_without_node_and_browser_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)
    (tmp_path / "bundle.mjs").touch()
    monkeypatch.setattr("limner.export.train_step.BUNDLE", tmp_path / "bundle.mjs")
    (tmp_path / "small.onnx").write_bytes(small_network().SerializeToString())
    assert main(["train-step", "small.onnx"]) == 1
    error = capsys.readouterr().err
    assert "There is no Node, and there is no Chromium" in error
    assert "Install Node 20 or newer" in error
    assert not (tmp_path / "small-step.onnx").exists()


@needs_node
def test_an_engine_that_fails_says_why_and_no_browser_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle.mjs").write_text(
        "export class EngineError extends Error {}\nexport const trainStep = () => { none.such; };\n"
    )
    monkeypatch.setattr("limner.export.train_step.BUNDLE", tmp_path / "bundle.mjs")
    monkeypatch.setattr("limner.export.train_step.evaluate", lambda *_, **__: pytest.fail("a browser"))
    with pytest.raises(
        LimnerError,
        match=r"small.onnx: there is no training step\. The page's engine failed in Node \d+ "
        r"\(ReferenceError: none is not defined\)\.",
    ):
        write_small(tmp_path)


@needs_engine
@needs_node
def test_a_step_is_replaced_by_a_step_alone_and_is_no_look(tmp_path: Path) -> None:
    step = write_small(tmp_path)
    assert is_training_step(step.path)
    write_small(tmp_path)
    with pytest.raises(
        LimnerError, match="is a training step of `limner train-step`, which paints nothing"
    ):
        open_look(step.path)
    with pytest.raises(LimnerError, match="is a training step already"):
        write_training_step(step.path, tmp_path / "x.onnx", loss="l1", optimizer="sgd", batch=1)
    with pytest.raises(LimnerError, match="is the source itself"):
        write_training_step(
            tmp_path / "small.onnx", tmp_path / "small.onnx", loss="l1", optimizer="sgd", batch=1
        )
    (tmp_path / "look.onnx").write_bytes(small_network().SerializeToString())
    with pytest.raises(LimnerError, match="is no training step of limner's"):
        write_training_step(
            tmp_path / "small.onnx", tmp_path / "look.onnx", loss="l1", optimizer="sgd", batch=1
        )


@needs_engine
@needs_node
def test_what_cannot_be_trained_is_refused_with_the_engines_reason(tmp_path: Path) -> None:
    model = ModelProto.FromString(small_network().SerializeToString())
    model.graph.node[1].CopyFrom(helper.make_node("Shrink", ["a"], ["b"], name="odd"))
    (tmp_path / "odd.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(LimnerError, match=r"cannot be trained. \(The engine says: .*Shrink"):
        write_training_step(
            tmp_path / "odd.onnx", tmp_path / "step.onnx", loss="l1", optimizer="sgd", batch=1
        )
    with pytest.raises(LimnerError, match="clip-norm is 0; choose a number above 0"):
        write_small(tmp_path, clip_norm=0)
    with pytest.raises(LimnerError, match="clip-value is nan"):
        write_small(tmp_path, clip_value=float("nan"))
    with pytest.raises(LimnerError, match="batch is 0"):
        write_small(tmp_path, batch=0)
    (tmp_path / "cut.onnx").write_bytes(model.SerializeToString()[:40])
    with pytest.raises(LimnerError, match="damaged or cut off"):
        write_training_step(
            tmp_path / "cut.onnx", tmp_path / "step.onnx", loss="l1", optimizer="sgd", batch=1
        )
