"""A network that spells out a normalization, node by node, as exporters do."""

from __future__ import annotations

import numpy as np
import onnx

from onnx_cases.network import Network

CHANNELS = 8
PIXELS = (10, 14)
EPSILON = 1e-3
BRIGHT = 255.0
"""Networks of Johnson's kind work on values up to 255, whose squares half floats cannot hold."""


class Spelled(Network):
    """Normalizations in the form of one opset."""

    def __init__(self, seed: int, opset: int = 17, channels: int = CHANNELS, gain: float = BRIGHT) -> None:
        super().__init__(seed)
        self.opset = opset
        self.channels = channels
        self.begin = self.node("Mul", "image", self.number(gain))
        self.x = self.conv(self.begin, 3, channels, 3, pads=[1, 1, 1, 1])

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def mean(self, value: str, *axes: int, keepdims: int = 1) -> str:
        if self.opset < 18:
            return self.node("ReduceMean", value, axes=axes, keepdims=keepdims)
        return self.node("ReduceMean", value, self.whole(*axes), keepdims=keepdims)

    def square(self, value: str) -> str:
        return self.node("Mul", value, value)

    def root(self, variance: str, epsilon: float = EPSILON) -> str:
        return self.node("Sqrt", self.node("Add", variance, self.number(epsilon)))

    def shaped(self, value: str, *dims: int) -> str:
        return self.node("Reshape", value, self.whole(*dims))

    def gains(self, *dims: int) -> str:
        return self.constant(1 + self.drawn(*dims, gain=0.2))

    def shifts(self, *dims: int) -> str:
        return self.constant(self.drawn(*dims, gain=0.2))

    def scaled(self, value: str) -> str:
        scaled = self.node("Mul", value, self.gains(self.channels, 1, 1))
        return self.node("Add", scaled, self.shifts(self.channels, 1, 1))

    def normalized(self, x: str, *axes: int) -> str:
        """(x - mean) / sqrt(variance + epsilon)."""
        apart = self.node("Sub", x, self.mean(x, *axes))
        return self.node("Div", apart, self.root(self.mean(self.square(apart), *axes)))

    def finish(self, value: str, *images: int) -> onnx.ModelProto:
        value = self.conv(self.node("Relu", value), self.channels, 3, 3, pads=[1, 1, 1, 1])
        return self.model([*(images or (1,)), 3, *PIXELS], value, opset=self.opset)
