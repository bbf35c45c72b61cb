"""A network that doubles pixels between two convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from onnx_cases.network import Network

CHANNELS = 8
SIDES = (10, 14)
SAME: dict[str, Any] = {"pads": [1, 1, 1, 1]}


class Doubled(Network):
    """A convolution, a doubling, and another convolution."""

    def __init__(self, opset: int = 17) -> None:
        super().__init__(1)
        self.opset = opset
        self.x = self.node("Relu", self.conv("image", 3, CHANNELS, 3, **SAME))

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, dtype=np.float32))

    def resize(self, *ends: str, **modes: str) -> str:
        return self.node("Resize", self.x, *ends, mode="nearest", **modes)

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def plain(self, value: str = "") -> str:
        return self.node(
            "Resize", value or self.x, "", self.floats(1, 1, 2, 2), mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip

    def skip(self, channels: int) -> str:
        """A picture of the doubled size that is not doubled."""
        weights = self.constant(self.drawn(3, channels, 2, 2, gain=0.5))
        return self.node("Tanh", self.node("ConvTranspose", "image", weights, strides=[2, 2]))

    def finish(self, value: str, channels: int = CHANNELS, **attributes: Any) -> onnx.ModelProto:
        value = self.conv(value, channels, 3, 3, **(attributes or SAME))
        return self.model([1, 3, *SIDES], self.node("Tanh", value), opset=self.opset)


Step = Callable[[Doubled, str], str]
