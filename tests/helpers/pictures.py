"""Networks of every picture format whose paintings are known: cores on RGB in 0..1, wrapped anew.

A wrapped network has nothing that tells its range: the first and the last convolution take it in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from limner.look.picture_format import GREY, RANGES, Formats, PictureFormat

Floats = NDArray[np.float32]

BLUR = np.outer([1, 2, 1], [1, 2, 1]) / 16


class Core(NamedTuple):
    """A network from RGB to RGB in 0..1: a convolution, an activation, a convolution, an end."""

    first: Floats
    first_bias: Floats
    activation: str | None
    last: Floats
    last_bias: Floats
    end: str | None


def _kernel(matrix: NDArray[np.float64], blur: NDArray[np.float64] = BLUR) -> Floats:
    return (matrix[:, :, None, None] * blur).astype(np.float32)


def core(name: str) -> Core:
    """A core by its name."""
    eye, point = np.eye(3), np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    half = np.full(3, 0.5, np.float32)
    match name:
        case "sigmoid":  # a contrast curve
            return Core(_kernel(eye), -half, None, _kernel(5 * eye, point), half * 0, "Sigmoid")
        case "tanh":
            return Core(_kernel(eye), -half, None, _kernel(3 * eye, point), half * 0, "Tanh")
        case "warm":  # colours are mixed, and the end is not bounded
            warm = np.array([[0.6, 0.2, 0.1], [0.1, 0.6, 0.1], [0.1, 0.2, 0.4]])
            bias = np.array([0.1, 0.05, 0], np.float32)
            return Core(_kernel(eye), half * 0, None, _kernel(warm, point), bias, None)
        case "relu":  # light and dark go separate ways: 16 features
            rng = np.random.default_rng(3)
            mixing = rng.normal(0, 1, (16, 3))
            features = np.concatenate([mixing, -mixing])
            bias = -(features @ half) + 0.1
            back = np.concatenate([np.linalg.pinv(mixing), -np.linalg.pinv(mixing)], axis=1) * 0.8
            return Core(
                _kernel(features), bias.astype(np.float32), "Relu", _kernel(back, point), half, "Clip"
            )
    raise ValueError(name)


CORES = ("sigmoid", "tanh", "warm", "relu")


class _Graph:
    """Nodes in a row, each with the value of the one before."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        # The border repeats, so that no range has another border.
        self.constants: dict[str, NDArray[Any]] = {"edge": np.array([0, 0, 1, 1, 0, 0, 1, 1])}

    def add(self, operator: str, *names: str, **attributes: Any) -> None:
        value = self.nodes[-1].output[0] if self.nodes else "x"
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [value, *names], [name], **attributes))

    def arithmetic(self, operator: str, value: NDArray[np.floating[Any]]) -> None:
        name = f"c{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(value, np.float32)
        self.add(operator, name)

    def conv(self, kernel: NDArray[np.floating[Any]], bias: NDArray[np.floating[Any]]) -> None:
        names = [f"c{len(self.constants)}", f"b{len(self.constants)}"]
        for name, value in zip(names, (kernel, bias), strict=True):
            self.constants[name] = np.ascontiguousarray(value, np.float32)
        self.add("Conv", *names)


def wrap(made: Core, formats: Formats, *, side: int = 64) -> bytes:
    """The core as an ONNX file that takes and gives these formats."""
    graph = _Graph()
    black, white = RANGES[formats.input.range]
    first = np.einsum("ocyx,cd->odyx", made.first, _to_rgb(formats.input)) / (white - black)
    if formats.input.layout == "NHWC":
        graph.add("Transpose", perm=[0, 3, 1, 2])
    graph.add("Pad", "edge", mode="edge")
    graph.conv(first, made.first_bias - np.einsum("odyx->o", first) * black)
    if made.activation:
        graph.add(made.activation)
    graph.add("Pad", "edge", mode="edge")
    if made.end in {"Tanh", "Sigmoid"}:
        _add_bounded_end(graph, made, formats.output)
    else:
        _add_open_end(graph, made, formats.output)
    if formats.output.layout == "NHWC":
        graph.add("Transpose", perm=[0, 2, 3, 1])
    graph.nodes[-1].output[0] = "y"
    made_graph = helper.make_graph(
        graph.nodes,
        "wrapped",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, _shape(formats.input, side))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, _shape(formats.output, side))],
        [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
    )
    model = helper.make_model(made_graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def _add_bounded_end(graph: _Graph, made: Core, form: PictureFormat) -> None:
    """The activation, and what brings its range into the format's."""
    graph.conv(made.last, made.last_bias)
    graph.add(str(made.end))
    low, high = RANGES[form.range]
    own_low, own_high = (-1, 1) if made.end == "Tanh" else (0, 1)
    factor = (high - low) / (own_high - own_low)
    offset = low - own_low * factor
    if form.channels != "RGB":
        mixed = _from_rgb(form)
        graph.conv(mixed[:, :, None, None], np.zeros(len(mixed)))
    if factor != 1:
        graph.arithmetic("Mul", np.array(factor))
    if offset:
        graph.arithmetic("Add", np.array(offset))


def _add_open_end(graph: _Graph, made: Core, form: PictureFormat) -> None:
    """A convolution that has the format in its weights, and perhaps a clip."""
    low, high = RANGES[form.range]
    mixed = _from_rgb(form)
    bias = mixed @ made.last_bias * (high - low) + low
    graph.conv(np.einsum("ec,cdyx->edyx", mixed, made.last) * (high - low), bias)
    if made.end == "Clip":
        graph.constants |= {"low": np.array(low, np.float32), "high": np.array(high, np.float32)}
        graph.add("Clip", "low", "high")


def paint(made: Core, image: Floats) -> Floats:
    """What the core makes of an RGB picture (H, W, 3) in 0..1."""
    values = _conv(image, made.first, made.first_bias)
    if made.activation == "Relu":
        values = np.maximum(values, 0)
    values = _conv(values, made.last, made.last_bias)
    match made.end:
        case "Sigmoid":
            values = (1 / (1 + np.exp(-values))).astype(np.float32)
        case "Tanh":
            values = np.float32(0.5) * (np.tanh(values) + np.float32(1))
        case "Clip":
            values = values.clip(0, 1)
    return values


def _conv(image: Floats, kernel: Floats, bias: Floats) -> Floats:
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    taps = [
        padded[y : y + height, x : x + width] @ kernel[:, :, y, x].T for y in range(3) for x in range(3)
    ]
    total: Floats = (np.sum(taps, axis=0) + bias).astype(np.float32)
    return total


def _to_rgb(form: PictureFormat) -> NDArray[np.float64]:
    """RGB of the format's channels."""
    return {
        "RGB": np.eye(3),
        "BGR": np.eye(3)[::-1],
        "grey": np.ones((3, 1)),
        "RGBA": np.eye(3, 4),
    }[form.channels]


def _from_rgb(form: PictureFormat) -> NDArray[np.float64]:
    """The format's channels of RGB."""
    return {
        "RGB": np.eye(3),
        "BGR": np.eye(3)[::-1],
        "grey": np.array([GREY]),
        "RGBA": np.eye(4, 3),
    }[form.channels]


def _shape(form: PictureFormat, side: int) -> list[int]:
    count = form.channel_count
    return [1, count, side, side] if form.layout == "NCHW" else [1, side, side, count]
