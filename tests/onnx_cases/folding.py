"""Convolutions that read padded and doubled pictures, in every storage of weights. The engine folds both
into the convolution's addresses, unless others read them too."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnx_cases.network import Network
from onnx_cases.writing import Networks, write_networks

OPSET = 21
STORAGES = ("float32", "float16", "uint16", "uint8")


class Folded(Network):
    """Layers whose weights have a storage."""

    def __init__(self, storage: str) -> None:
        super().__init__(11)
        self.storage = storage

    def edged(self, value: str, top: int, left: int, bottom: int, right: int) -> str:
        pads = self.whole(0, 0, top, left, 0, 0, bottom, right)
        return self.node("Pad", value, pads, mode="edge")

    def doubled(self, value: str) -> str:
        scales = self.constant(np.array([1, 1, 2, 2], dtype=np.float32))
        return self.node(
            "Resize", value, "", scales, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip

    def layer(self, value: str, inputs: int, outputs: int, side: int, **attributes: Any) -> str:
        gain = math.sqrt(1.5 / (inputs * side * side))
        weights = self.weights(self.drawn(outputs, inputs, side, side, gain=gain), 0)
        bias = self.constant(self.drawn(outputs, gain=0.1))
        return self.node("Conv", value, weights, bias, **attributes)


def padded() -> onnx.ModelProto:
    """Edge padding of all kinds: uneven, with strides, of kernels without a tile, of a transposed one."""
    net = Folded("float32")
    value = net.layer(net.edged("image", 1, 0, 2, 1), 3, 6, 3)
    value = net.layer(
        net.edged(net.node("LeakyRelu", value, alpha=0.2), 1, 1, 1, 1), 6, 8, 3, strides=[2, 2]
    )
    value = net.conv(net.edged(value, 2, 1, 0, 1), 8, 8, 3, group=2)
    value = net.layer(net.edged(value, 3, 8, 3, 8), 8, 6, 17, pads=[5, 0, 5, 0])
    value = net.conv(net.edged(value, 2, 2, 2, 2), 6, 5, 5, dilations=[1, 1], strides=[1, 2])
    weights = net.constant(net.drawn(5, 3, 4, 4, gain=0.3))
    value = net.node("ConvTranspose", net.edged(value, 1, 1, 1, 1), weights, strides=[2, 2], pads=[3] * 4)
    return net.model([1, 3, 21, 26], net.node("Tanh", value), opset=OPSET)


def doubled(storage: str) -> onnx.ModelProto:
    """A decoder: doubled and padded with zeros, then with the edge, from odd sizes and from one pixel."""
    net = Folded(storage)
    skip = net.node("LeakyRelu", net.layer(net.edged("image", 1, 1, 1, 1), 3, 8, 3), alpha=0.2)
    value = net.layer(skip, 8, 10, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    pixel = net.layer(value, 10, 8, 3, pads=[0, 0, 0, 0])
    inner = net.layer(net.edged(net.doubled(pixel), 1, 1, 1, 1), 8, 10, 3)
    inner = net.layer(net.doubled(inner), 10, 10, 3, pads=[1, 1, 1, 1])
    value = net.node("Add", value, net.node("GlobalAveragePool", inner))
    value = net.node("Relu", net.batch_norm(net.layer(net.doubled(value), 10, 8, 3, pads=[1, 1, 1, 1]), 8))
    value = net.node("Concat", value, net.edged(skip, 0, 0, 1, 1), axis=1)
    value = net.layer(net.edged(net.doubled(value), 1, 1, 1, 1), 16, 3, 3)
    return net.model([1, 3, 5, 5], net.node("Tanh", value), opset=OPSET)


def read_twice() -> onnx.ModelProto:
    """What cannot be folded, or not everywhere: pictures with other readers, zeros beyond the padded edge,
    and kernels of another side."""
    net = Folded("uint8")
    edged = net.edged("image", 1, 1, 1, 1)
    value = net.node("Add", net.layer(edged, 3, 3, 1), net.layer(edged, 3, 3, 3, pads=[1, 1, 1, 1]))
    large = net.doubled(net.layer(value, 3, 8, 3))
    value = net.node("Add", net.layer(large, 8, 8, 3, pads=[1, 1, 1, 1]), large)
    value = net.node("Add", value, net.layer(large, 8, 8, 5, pads=[2, 2, 2, 2]))
    value = net.layer(net.doubled(value), 8, 3, 3, pads=[1, 0, 1, 2])
    return net.model([1, 3, 6, 7], net.node("Tanh", value), opset=OPSET)


NETWORKS: Networks = {
    "padded": (padded, (1, 3, 21, 26)),
    **{f"doubled-{storage}": (partial(doubled, storage), (1, 3, 5, 5)) for storage in STORAGES},
    "read-twice": (read_twice, (1, 3, 6, 7)),
}


def write_folding(folder: Path) -> None:
    write_networks(folder, NETWORKS, "folding")
