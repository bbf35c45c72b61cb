"""Looks for ONNX Runtime: convolutions of doubled images as transposed ones, which it computes faster.

A 3x3 convolution w of an image doubled by nearest neighbour is exactly a 4x4 transposed convolution of
stride 2 with the kernel M w M^T, at 4/9 of the multiply-adds. Where the doubled image repeats its edge, the
small image does. The file keeps the nine weights.
"""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.look.doubling import EDGE_PADS, DoubledConv, find_doubled_convs

SPREAD = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], np.float32)
"""M: which of the three taps reach each of the four rows of the transposed kernel."""


def with_transposed_convs(model: ModelProto) -> ModelProto:
    """`model` with transposed convolutions in place of those of doubled images.

    Weights must be in float32, as `dequantize_weights` makes them; others stay as they are. So does a model
    with control flow, whose inner graphs may read any value.
    """
    doubled = find_doubled_convs(model.graph)
    has_inner_graphs = any(entry.HasField("g") for node in model.graph.node for entry in node.attribute)
    if not doubled or has_inner_graphs:
        return model
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        found = doubled.get(node.output[0])
        nodes += [node] if found is None else _transposed_nodes(found, constants)
    read = {value.name for value in [*graph.input, *graph.output]}
    kept: list[NodeProto] = []
    for node in reversed(nodes):
        if not read.isdisjoint(node.output) or node.op_type not in {"Pad", "Resize"}:
            kept.append(node)
            read |= set(node.input)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(tensor for name, tensor in constants.items() if name in read)
    return result


def _transposed_nodes(doubled: DoubledConv, constants: dict[str, TensorProto]) -> list[NodeProto]:
    """The nodes that replace a convolution, its doubling and its padding; their constants are added."""
    _, weight, *bias = doubled.conv.input
    name = doubled.conv.output[0]
    kernel = np.einsum("ai,ocij,bj->coab", SPREAD, numpy_helper.to_array(constants[weight]), SPREAD)
    transposed = numpy_helper.from_array(np.ascontiguousarray(kernel), f"{name}.transposed")
    constants[transposed.name] = transposed
    image, nodes = doubled.image, []
    if doubled.has_edge_padding:
        pads = numpy_helper.from_array(np.array(EDGE_PADS), f"{name}.pads")
        constants[pads.name] = pads
        image = f"{name}.edged"
        nodes.append(helper.make_node("Pad", [doubled.image, pads.name], [image], image, mode="edge"))
    inputs = [image, transposed.name, *bias]
    values = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [3 if doubled.has_edge_padding else 1] * 4}
    conv = helper.make_node("ConvTranspose", inputs, [name], doubled.conv.name)
    conv.attribute.extend(helper.make_attribute(key, value) for key, value in values.items())
    return [*nodes, conv]
