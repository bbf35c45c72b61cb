"""Rewrite a look for a rival of the bench, jax-js, without the operators that it lacks.

These are transposed convolutions, doubled images, and padding with the edge.

Each of the four phases (even and odd rows, even and odd columns) of a 4x4 stride-2 transposed convolution
is a 2x2 convolution, and so is each phase of a 3x3 convolution of a doubled image. Together they are one
convolution with four times the channels, on the image padded by one. A pixel shuffle of its output gives
the result with one extra row and column on every side. Except at the borders, the sums and their number
are the same. Padding with the edge gathers rows, then columns. The operators used are supported by old
ONNX readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.errors import LimnerError
from limner.look.doubling import EDGE_PADS, DoubledConv, find_doubled_convs
from limner.look.quantization import Array, dequantize_weights
from limner.look.validation import value_shape

TAPS = ((2, 0), (3, 1))
"""Kernel rows (or columns) of the odd phase, and of the even phase."""

SUMS = np.array([[[1, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]], dtype=np.float32)
"""Of a doubled image: the taps that each kernel row of the odd phase, and of the even phase, adds."""

PLAIN = {
    "strides": [2, 2],
    "pads": [1, 1, 1, 1],
    "kernel_shape": [4, 4],
    "group": 1,
    "dilations": [1, 1],
    "output_padding": [0, 0],
    "auto_pad": b"NOTSET",
}
"""The attributes of a supported transposed convolution; strides and pads must be present."""


def with_subpixel_convs(model: ModelProto) -> ModelProto:
    """Rewrite `model`, which must have value shapes, without the operators that jax-js lacks.

    The result is in float32 and has constant live inputs. Constants of matrix products get four axes, which
    jax-js needs. Raises LimnerError if a transposed convolution is not 4x4 with stride 2 and padding 1, or
    has groups, dilations or other attributes.
    """
    graph = dequantize_weights(model).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    shapes = {value.name: value_shape(value) for value in [*graph.input, *graph.value_info, *graph.output]}
    doubled = find_doubled_convs(graph)
    nodes: list[NodeProto] = []
    for node in graph.node:
        match node.op_type:
            case "Conv" if node.output[0] in doubled:
                nodes += _rewrite_doubled_conv(doubled[node.output[0]], shapes, tensors)
            case "ConvTranspose":
                nodes += _rewrite_transposed_conv(node, shapes[node.output[0]], tensors)
            case "Pad" if _has_edge_mode(node):
                pads = numpy_helper.to_array(tensors[node.input[1]]).tolist()
                nodes += _edge_nodes(node.input[0], node.output[0], pads, shapes, tensors)
            case "MatMul":
                nodes.append(_matmul_with_4d_constants(node, tensors))
            case _:
                nodes.append(node)
    nodes = _without_unread(nodes, {value.name for value in graph.output})
    read = {name for node in nodes for name in node.input}
    rewritten = helper.make_graph(
        nodes,
        graph.name,
        [value for value in graph.input if value.name not in tensors],
        list(graph.output),
        [tensor for name, tensor in tensors.items() if name in read],
    )
    return helper.make_model(rewritten, opset_imports=model.opset_import, ir_version=model.ir_version)


def _without_unread(nodes: Sequence[NodeProto], outputs: set[str]) -> list[NodeProto]:
    """The nodes that an output depends on."""
    read = set(outputs)
    kept: list[NodeProto] = []
    for node in reversed(nodes):
        if not read.isdisjoint(node.output):
            kept.append(node)
            read |= set(node.input)
    return kept[::-1]


def _rewrite_transposed_conv(
    node: NodeProto, shape: list[int], tensors: dict[str, TensorProto]
) -> list[NodeProto]:
    """The nodes that replace the transposed convolution `node`."""
    image, weight, *bias = node.input
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    kernel = numpy_helper.to_array(tensors[weight])
    unsupported = {key for key, value in attributes.items() if value != PLAIN.get(key)}
    if unsupported or not {"strides", "pads"} <= attributes.keys() or kernel.shape[2:] != (4, 4):
        raise LimnerError(
            f"{node.name} is not a transposed convolution with 4x4, stride 2 and pads 1 only."
        )
    name = node.output[0]
    weights = _phase_weights(name, _phase_kernels(kernel), bias, tensors)
    return _phase_nodes(name, [image, *weights], 1, shape, tensors)


def _rewrite_doubled_conv(
    doubled: DoubledConv, shapes: Mapping[str, list[int]], tensors: dict[str, TensorProto]
) -> list[NodeProto]:
    """The nodes that replace a 3x3 convolution of a doubled image, its doubling and its padding."""
    name = doubled.conv.output[0]
    _, weight, *bias = doubled.conv.input
    kernels = _summed_kernels(numpy_helper.to_array(tensors[weight]))
    weights = _phase_weights(name, kernels, bias, tensors)
    if not doubled.has_edge_padding:
        return _phase_nodes(name, [doubled.image, *weights], 1, shapes[name], tensors)
    padded = f"{name}.padded"
    edge = _edge_nodes(doubled.image, padded, EDGE_PADS, shapes, tensors)
    return [*edge, *_phase_nodes(name, [padded, *weights], 0, shapes[name], tensors)]


def _has_edge_mode(pad: NodeProto) -> bool:
    return any(entry.name == "mode" and entry.s == b"edge" for entry in pad.attribute)


def _edge_nodes(
    image: str, name: str, pads: list[int], shapes: Mapping[str, list[int]], tensors: dict[str, TensorProto]
) -> list[NodeProto]:
    """The nodes that repeat the edge of rows and columns of `image` to make `name`; `pads` are ONNX's."""
    rows, columns = f"{name}.rows", f"{name}.columns"
    for index, axis in ((rows, 2), (columns, 3)):
        size = shapes[image][axis]
        places = np.arange(-pads[axis], size + pads[axis + 4], dtype=np.int64)
        _constant(index, places.clip(0, size - 1), tensors)
    tall = f"{name}.tall"
    return [
        helper.make_node("Gather", [image, rows], [tall], tall, axis=2),
        helper.make_node("Gather", [tall, columns], [name], name, axis=3),
    ]


def _phase_weights(
    name: str, kernels: Array, bias: Sequence[str], tensors: dict[str, TensorProto]
) -> list[str]:
    """The names of the phases' kernels (4 O, I, 2, 2) and of their biases, if there are any."""
    weights = [_constant(f"{name}.phases", kernels, tensors)]
    if bias:
        repeated = numpy_helper.to_array(tensors[bias[0]]).repeat(4)
        weights.append(_constant(f"{name}.biases", repeated, tensors))
    return weights


def _phase_nodes(
    name: str, inputs: list[str], pad: int, shape: list[int], tensors: dict[str, TensorProto]
) -> list[NodeProto]:
    """The convolution of the phases, with `pad` zeros at each side, and the shuffle that makes `name`."""
    image, *weights = inputs
    _, channels, height, width = shape
    rows, columns = height // 2 + 1, width // 2 + 1
    apart, joined = [1, channels, 2, 2, rows, columns], [1, channels, 2 * rows, 2 * columns]
    bounds = ([1, 1], [height + 1, width + 1], [2, 3])
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Conv", weights, {"pads": [pad] * 4, "kernel_shape": [2, 2]}),
        ("Reshape", [_integers(f"{name}.apart", apart, tensors)], {}),
        ("Transpose", [], {"perm": [0, 1, 4, 2, 5, 3]}),
        ("Reshape", [_integers(f"{name}.joined", joined, tensors)], {}),
        ("Slice", [_integers(f"{name}.bound{at}", bound, tensors) for at, bound in enumerate(bounds)], {}),
    ]
    names = [image, *[f"{name}.step{at}" for at in range(1, len(steps))], name]
    return [
        helper.make_node(kind, [before, *constants], [after], name=after, **options)
        for (kind, constants, options), before, after in zip(steps, names, names[1:], strict=False)
    ]


def _summed_kernels(kernel: Array) -> Array:
    """(O, I, 3, 3) to (4 O, I, 2, 2): of a doubled image, the phases add the taps that read one pixel."""
    sums: Array = np.einsum("rat,oitu,sbu->orsiab", SUMS, kernel, SUMS)
    return np.ascontiguousarray(sums.reshape(-1, *sums.shape[3:]))


def _phase_kernels(kernel: Array) -> Array:
    """(I, O, 4, 4) to (4 O, I, 2, 2); the four phases of an output channel are adjacent."""
    phases = [[kernel[:, :, rows][:, :, :, columns] for columns in TAPS] for rows in TAPS]
    stacked: Array = np.array(phases).transpose(3, 0, 1, 2, 4, 5)
    return np.ascontiguousarray(stacked.reshape(-1, *stacked.shape[3:]))


def _matmul_with_4d_constants(node: NodeProto, tensors: dict[str, TensorProto]) -> NodeProto:
    inputs = [
        _constant(f"{name}.image", numpy_helper.to_array(tensors[name])[None, None], tensors)
        if name in tensors
        else name
        for name in node.input
    ]
    return helper.make_node("MatMul", inputs, list(node.output), name=node.name)


def _integers(name: str, values: list[int], tensors: dict[str, TensorProto]) -> str:
    return _constant(name, np.array(values, dtype=np.int64), tensors)


def _constant(name: str, values: Array, tensors: dict[str, TensorProto]) -> str:
    tensors[name] = numpy_helper.from_array(values, name)
    return name
