"""A network with random weights, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx_cases.unets import Array, Graph

OPSET = 17


class Network(Graph):
    """Collects layers; each method returns the name of its output."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, "float32")

    def drawn(self, *shape: int, gain: float = 1) -> Array:
        return (self.random.standard_normal(shape) * gain).astype(np.float32)

    def whole(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def conv(self, value: str, inputs: int, outputs: int, side: int, **attributes: Any) -> str:
        shape = (outputs, inputs // attributes.get("group", 1), side, side)
        weights = self.constant(self.drawn(*shape, gain=math.sqrt(2 / (shape[1] * side * side))))
        return self.node("Conv", value, weights, self.constant(self.drawn(outputs, gain=0.1)), **attributes)

    def reflected(self, value: str, pad: int) -> str:
        return self.node("Pad", value, self.whole(0, 0, pad, pad, 0, 0, pad, pad), mode="reflect")

    def instance_norm(self, value: str, channels: int) -> str:
        scale = self.constant(1 + self.drawn(channels, gain=0.1))
        return self.node(
            "InstanceNormalization", value, scale, self.constant(self.drawn(channels, gain=0.1))
        )

    def batch_norm(self, value: str, channels: int) -> str:
        scale, shift, mean = (self.constant(self.drawn(channels, gain=0.3) + one) for one in (1, 0, 0))
        variance = self.constant(np.abs(self.drawn(channels)) + np.array(0.5, dtype=np.float32))
        return self.node("BatchNormalization", value, scale, shift, mean, variance)

    def block(self, value: str, channels: int) -> str:
        """A residual block: two convolutions with reflection padding."""
        inner = self.conv(self.reflected(value, 1), channels, channels, 3)
        inner = self.node("Relu", self.instance_norm(inner, channels))
        inner = self.conv(self.reflected(inner, 1), channels, channels, 3)
        return self.node("Add", value, self.instance_norm(inner, channels))

    def model(
        self, given: list[int | str], output: str, made: str = "nchw", opset: int = OPSET
    ) -> onnx.ModelProto:
        self.node("Identity", output, output="out")
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, given)
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, list(made))
        graph = helper.make_graph(self.nodes, "network", [image], [out], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.checker.check_model(model)
        return model
