"""One network in every opset, with ONNX Runtime's outputs for it.

ONNX's node tests have only the newest form of each operator. Older files have attributes where newer ones
have inputs, other defaults, and operators that were removed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnx_cases.network import Network
from onnx_cases.writing import Networks, write_networks

# From the oldest that the engine reads. Each changed the form of one of the operators below.
OPSETS = (7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 22, 23)


class Written(Network):
    """Layers in the form of one opset."""

    def __init__(self, opset: int) -> None:
        super().__init__(opset)
        self.opset = opset

    def scalar(self, value: np.generic) -> str:
        """A constant of rank 0, which some operators require."""
        name = f"scalar_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def number(self, value: float) -> str:
        return self.scalar(np.float32(value))

    def scaled(self, value: str, factor: float) -> str:
        """The value times `factor`, so that the tolerance of a larger term does not hide it."""
        return self.node("Mul", value, self.number(factor))

    def by_axes(self, op: str, since: int, value: str, *axes: int, **more: Any) -> str:
        """A node whose axes are an attribute before opset `since`, and an input from then on."""
        if self.opset < since:
            return self.node(op, value, axes=axes, **more)
        return self.node(op, value, self.whole(*axes), **more)

    def clip(self, value: str, low: float, high: float) -> str:
        if self.opset < 11:
            return self.node("Clip", value, min=low, max=high)
        return self.node("Clip", value, self.number(low), self.number(high))

    def pad(self, value: str, pads: tuple[int, ...], mode: str, filler: float = 0) -> str:
        if self.opset < 11:
            more: dict[str, Any] = {"value": filler} if mode == "constant" else {}
            return self.node("Pad", value, pads=pads, mode=mode, **more)
        if self.opset < 18:
            ends = [self.whole(*pads)] + ([self.number(filler)] if mode == "constant" else [])
            return self.node("Pad", value, *ends, mode=mode)
        given = [pads[i] for i in (2, 3, 6, 7)]
        return self.node("Pad", value, self.whole(*given), self.number(filler), self.whole(2, 3), mode=mode)

    def cut(self, value: str, starts: tuple[int, ...], ends: tuple[int, ...], axes: tuple[int, ...]) -> str:
        if self.opset < 10:
            return self.node("Slice", value, starts=starts, ends=ends, axes=axes)
        steps = [2 if axis == 3 else 1 for axis in axes]
        return self.node("Slice", value, *(self.whole(*part) for part in (starts, ends, axes, steps)))

    def split(self, value: str, *sizes: int) -> list[str]:
        names = [f"part_{len(self.nodes)}_{i}" for i in range(len(sizes))]
        if self.opset < 13:
            node = onnx.helper.make_node("Split", [value], names, axis=1, split=sizes)
        elif self.opset < 18 or len(set(sizes)) > 1:
            node = onnx.helper.make_node("Split", [value, self.whole(*sizes)], names, axis=1)
        else:
            node = onnx.helper.make_node("Split", [value], names, axis=1, num_outputs=len(sizes))
        self.nodes.append(node)
        return names

    def dropout(self, value: str) -> str:
        if self.opset < 12:
            return self.node("Dropout", value, ratio=0.4)
        return self.node("Dropout", value, self.number(0.4), self.scalar(np.bool_(False)))

    def per_element(self, value: str, *shape: int) -> str:
        """Batch normalisation with four numbers for each element, which opset 9 removed."""
        ends = [self.constant(self.drawn(*shape, gain=0.3) + np.float32(one)) for one in (1, 0, 0)]
        variance = self.constant(np.abs(self.drawn(*shape)) + np.float32(0.5))
        return self.node("BatchNormalization", value, *ends, variance, spatial=0)

    def grown(self, value: str, mode: str, by: float) -> str:
        if self.opset < 9:
            return self.node("Upsample", value, mode=mode, scales=[1.0, 1.0, by, by])
        scales = self.constant(np.array([1, 1, by, by], dtype=np.float32))
        if self.opset < 11:
            return self.node("Upsample" if self.opset < 10 else "Resize", value, scales, mode=mode)
        region = "" if self.opset >= 13 else self.constant(np.zeros(0, dtype=np.float32))
        return self.node("Resize", value, region, scales, mode=mode)

    def grouped(self, value: str, channels: int) -> str:
        """Group normalisation has a scale for each channel, and before opset 21 had one for each group."""
        if self.opset < 21:
            return self.instance_norm(value, channels)
        ends = [self.constant(1 + self.drawn(channels, gain=0.2)) for _ in range(2)]
        return self.node("GroupNormalization", value, *ends, num_groups=2)


def network(opset: int) -> onnx.ModelProto:
    net = Written(opset)
    image = net.per_element("image", 3, 20, 34) if opset < 9 else "image"
    value = net.clip(net.conv(image, 3, 8, 3, pads=[1, 1, 1, 1]), -0.75, 1.5)
    value = net.conv(net.pad(value, (0, 0, 1, 1, 0, 0, 1, 1), "reflect"), 8, 8, 3)
    value = net.pad(value, (0, 0, 0, 2, 0, 0, 1, 0), "constant", 0.25)
    value = net.cut(value, (1, 0), (-1, 30), (2, 3))
    value = net.grouped(net.batch_norm(value, 8), 8)
    seen = net.by_axes("ReduceMean", 18, value, 2, 3, keepdims=0)
    seen = net.scaled(net.node("Softmax", seen), 8)
    seen = net.by_axes("Unsqueeze", 13, seen, 2, 3)
    value = net.node("Mul", value, seen)
    first, second = net.split(net.dropout(value), 3, 5)
    even = net.split(value, 4, 4)
    value = net.node("Concat", second, first, *reversed(even), axis=1)
    # Before opset 13, Softmax runs over an axis and all later axes.
    value = net.node("Add", value, net.scaled(net.node("Softmax", value, axis=2), 20))
    total = net.by_axes("ReduceSum", 13, value, 1, keepdims=1)
    flat = net.by_axes("Squeeze", 13, total, 0, 1)
    flat = net.by_axes("Unsqueeze", 13, net.node("LogSoftmax", flat), 0, 1)
    value = net.node("Sub", net.node("Sub", value, flat), total)
    value = net.scaled(value, 0.1)
    for op, share in (("ReduceMax", 1), ("ReduceMin", 1), ("ReduceL2", 0.1), ("ReduceLogSumExp", 0.1)):
        value = net.node("Sub", value, net.scaled(net.by_axes(op, 18, value, 1, 2), share))
    pooled = net.node("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])
    value = net.grown(net.grown(pooled, "nearest", 2), "linear", 1.5)
    if opset >= 10:
        value = net.grown(value, "nearest", 0.75)
    if opset >= 20:
        value = net.node("Gelu", value)
    sums = net.node("Flatten", net.node("GlobalAveragePool", value))
    weights = net.constant(net.drawn(16, 16, gain=0.25))
    bias = [net.constant(net.drawn(16, gain=0.1))] if opset < 11 else []
    sums = net.by_axes("Unsqueeze", 13, net.node("Gemm", sums, weights, *bias), 2, 3)
    model = net.model([1, 3, 20, 34], net.node("Add", value, sums), opset=opset)
    return listing_constants(model) if opset < 9 else model


def early(opset: int) -> onnx.ModelProto:
    """Operators that opsets before 9 have in the form of today, with constants of all kinds."""
    net = Written(opset)
    value = net.node("LRN", net.conv("image", 3, 8, 3, pads=[1, 1, 1, 1]), size=3, alpha=0.3)
    slope = net.constant(np.abs(net.drawn(8, 1, 1, gain=0.2)))
    value = net.node("PRelu", value, slope)
    value = net.node("AveragePool", value, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    weights = net.constant(net.drawn(8, 4, 4, 4, gain=0.2))
    value = net.node("ConvTranspose", value, weights, strides=[2, 2], pads=[1, 1, 1, 1])
    above = net.node("Cast", net.node("Greater", value, net.number(0.1)), to=onnx.TensorProto.FLOAT)
    value = net.node("Sum", value, net.node("Mul", above, net.node("Sigmoid", value)))
    value = net.node("Mean", value, net.node("Elu", value), net.node("HardSigmoid", value))
    value = net.node("Max", value, net.node("Neg", value))
    value = net.node("Pow", net.node("Add", value, net.number(0.5)), net.number(1.5))
    value = net.node("DepthToSpace", value, blocksize=2)
    value = net.node("Pad", value, pads=[0, 0, 1, 0, 0, 0, 0, 2], mode="edge")
    rows = net.node("Reshape", value, net.whole(1, -1, 70))
    whole = onnx.helper.make_tensor("whole", onnx.TensorProto.INT64, [1, 1, 70], range(70))
    steps = net.node("Cast", net.node("Constant", value=whole), to=onnx.TensorProto.FLOAT)
    rows = net.node("Add", rows, net.scaled(steps, 0.01))
    first = net.node("Gather", rows, net.scalar(np.int64(3)), axis=1)
    rows = net.node(
        "Sub", net.node("Transpose", rows, perm=[0, 2, 1]), net.node("Unsqueeze", first, axes=[2])
    )
    if opset >= 8:
        rows = net.node("Mul", rows, net.node("Expand", net.number(0.5), net.whole(1, 70, 1)))
    return listing_constants(net.model([1, 3, 16, 17], rows, "nwh", opset=opset))


def listing_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in version 3 of the format, in which initializers are inputs, too."""
    model.ir_version = 3
    model.graph.input.extend(
        onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in model.graph.initializer
    )
    onnx.checker.check_model(model)
    return model


NETWORKS: Networks = {
    **{f"opset-{opset}": (partial(network, opset), (1, 3, 20, 34)) for opset in OPSETS},
    **{f"early-{opset}": (partial(early, opset), (1, 3, 16, 17)) for opset in OPSETS if opset < 9},
}


def write_opsets(folder: Path) -> None:
    write_networks(folder, NETWORKS, "opsets")
