"""Networks whose weights, and values, are integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx_cases.network import Network


def quantised() -> onnx.ModelProto:
    """QuantizeLinear and DequantizeLinear around every layer, int8 weights per channel, int32 biases."""
    net = Network(5)

    def through(value: str, scale: float, zero: int = 0, kind: Any = np.int8) -> str:
        ends = net.constant(np.array(scale, dtype=np.float32)), net.constant(np.array(zero, dtype=kind))
        return net.node("DequantizeLinear", net.node("QuantizeLinear", value, *ends), *ends)

    def weights(*shape: int, axis: int) -> str:
        array = net.drawn(*shape, gain=math.sqrt(2 / np.prod(shape[1:])))
        others = tuple(i for i in range(len(shape)) if i != axis)
        scale = (np.abs(array).max(axis=others) / 127).astype(np.float32)
        spread = scale.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        stored = np.round(array / spread).astype(np.int8)
        zero = np.zeros(shape[axis], dtype=np.int8)
        return net.node("DequantizeLinear", *map(net.constant, (stored, scale, zero)), axis=axis)

    def bias(count: int) -> str:
        stored = net.random.integers(-100, 100, count, dtype=np.int32)
        return net.node(
            "DequantizeLinear", net.constant(stored), net.constant(np.array(1e-3, dtype=np.float32))
        )

    value = through("image", 1 / 255, -128)
    for inputs, outputs, stride in ((3, 16, 2), (16, 32, 1)):
        value = net.node(
            "Conv", value, weights(outputs, inputs, 3, 3, axis=0), bias(outputs),
            strides=[stride] * 2, pads=[1, 1, 1, 1],
        )  # fmt: skip
        value = through(net.node("Relu", value), 0.03, -128)
    value = net.node("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])
    value = through(net.node("GlobalAveragePool", value), 0.01, -128)
    value = net.node("Flatten", value)
    value = net.node("Gemm", value, weights(8, 32, axis=0), bias(8), transB=1)
    return net.model([1, 3, 32, 32], value, "nk")


def four_bits() -> onnx.ModelProto:
    """Weights of four bits, two to a byte: with a scale for all, for each channel and for each block."""
    net = Network(11)

    def stored(kind: int, values: Any, name: str, typed: bool) -> str:
        tensor = helper.make_tensor(name, kind, values.shape, values.flatten())
        raw = numpy_helper.from_array(numpy_helper.to_array(tensor), name)
        net.constants.append(tensor if typed else raw)
        return name

    def weights(kind: int, *shape: int, scales: tuple[int, ...], typed: bool, **attributes: Any) -> str:
        low, high = (-8, 8) if kind == TensorProto.INT4 else (0, 16)
        scale = net.constant((0.08 + 0.04 * net.random.random(scales)).astype(np.float32))
        name = f"four_bits_{len(net.constants)}"
        values = stored(kind, net.random.integers(low, high, shape), name, typed)
        middle = net.random.integers(low + 6, high - 6, scales)
        zero = stored(kind, middle, f"{name}_zero", not typed)
        return net.node("DequantizeLinear", values, scale, zero, **attributes)

    signed, unsigned = TensorProto.INT4, TensorProto.UINT4
    # 81, 135 and 375 numbers leave half of the last byte empty.
    value = "image"
    for side, kind, inputs, outputs, scales, typed in (
        (3, signed, 3, 3, (3,), False),
        (3, unsigned, 3, 5, (5,), True),
        (5, signed, 5, 3, (), False),
    ):
        made = weights(kind, outputs, inputs, side, side, scales=scales, typed=typed, axis=0)
        value = net.node("Tanh", net.node("Conv", value, made))
    blocks = weights(unsigned, 4, 3, 3, 3, scales=(4, 1, 3, 3), typed=False, axis=1, block_size=3)
    value = net.node("Tanh", net.node("Conv", value, blocks))
    turned = net.node("Transpose", weights(signed, 9, 10, scales=(10,), typed=True, axis=1), perm=[1, 0])
    value = net.node("Tanh", net.node("MatMul", value, turned))
    blocks = weights(signed, 9, 5, scales=(3, 5), typed=True, axis=0, block_size=3)
    return net.model([1, 3, 20, 20], net.node("MatMul", value, blocks), opset=21)
