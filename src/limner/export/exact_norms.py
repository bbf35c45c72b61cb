"""Instance norms whose means ONNX Runtime computes exactly, for the comparison of a file with its network.

ONNX Runtime's InstanceNormalization adds up all pixels of a channel in float32, one after the other. Where
a large part of a picture is of one colour, each sum is rounded the same way: with 65,536 pixels the mean is
wrong in the fifth digit, which norm after norm amplifies. torch adds up in a tree. In two steps, rows
first, ONNX Runtime is as exact; the graph computes the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

DEFAULT_EPSILON = 1e-5
"""That of the operator."""


def has_instance_norms(model: ModelProto) -> bool:
    """Whether a graph has any."""
    return any(node.op_type == "InstanceNormalization" for node in model.graph.node)


def with_exact_norms(model: ModelProto) -> ModelProto:
    """A copy of a model whose instance norms of pictures are spelled out, with means in two steps.

    Their scales and shifts must be initializers.
    """
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    added: list[TensorProto] = []
    for node in model.graph.node:
        if node.op_type != "InstanceNormalization":
            nodes.append(node)
            continue
        scale, shift = (numpy_helper.to_array(constants[name]) for name in node.input[1:])
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), DEFAULT_EPSILON)
        spelled = _Spelled(node.output[0])
        nodes += spelled.nodes(node.input[0], scale, shift, epsilon)
        added += spelled.constants
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(added)
    return result


class _Spelled:
    """The nodes of one norm, whose values are named after its output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def nodes(self, image: str, scale: Any, shift: Any, epsilon: float) -> list[NodeProto]:
        """The nodes that compute the norm of an image (1, C, H, W)."""
        apart = self._add("Sub", "apart", image, self._mean(image, "mean"))
        variance = self._mean(self._add("Mul", "squares", apart, apart), "variance")
        epsilon_name = self._constant("epsilon", np.float32(epsilon))
        deviation = self._add("Sqrt", "deviation", self._add("Add", "raised", variance, epsilon_name))
        even = self._add("Div", "even", apart, deviation)
        scaled = self._add("Mul", "scaled", even, self._constant("scale", scale.reshape(1, -1, 1, 1)))
        shift_name = self._constant("shift", shift.reshape(1, -1, 1, 1))
        self._nodes.append(helper.make_node("Add", [scaled, shift_name], [self._name]))
        return self._nodes

    def _mean(self, image: str, name: str) -> str:
        for axis in (3, 2):
            axes = self._constant(f"{name}.axis{axis}", np.asarray([axis], np.int64))
            image = self._add("ReduceMean", f"{name}.{axis}", image, axes)
        return image

    def _add(self, operator: str, name: str, *inputs: str) -> str:
        output = f"{self._name}.{name}"
        self._nodes.append(helper.make_node(operator, list(inputs), [output]))
        return output

    def _constant(self, name: str, value: Any) -> str:
        full = f"{self._name}.{name}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), full))
        return full
