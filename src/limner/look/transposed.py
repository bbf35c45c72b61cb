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
    """A copy of `model` in which transposed convolutions replace those of doubled images.

    Weights must be in float32, as `dequantize_weights` makes them.
    """
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    doubled = find_doubled_convs(graph)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        found = doubled.get(node.output[0])
        nodes += [node] if found is None else _transposed_nodes(found, constants)
    read = {value.name for value in graph.output}
    kept: list[NodeProto] = []
    for node in reversed(nodes):
        if not read.isdisjoint(node.output):
            kept.append(node)
            read |= set(node.input)
    inputs = {value.name for value in graph.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(tensor for name, tensor in constants.items() if name in read | inputs)
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
    options = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [3 if doubled.has_edge_padding else 1] * 4}
    inputs = [image, transposed.name, *bias]
    return [*nodes, helper.make_node("ConvTranspose", inputs, [name], doubled.conv.name, **options)]
