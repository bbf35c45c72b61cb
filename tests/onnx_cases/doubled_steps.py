"""Networks with steps between a doubling and its convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from onnx_cases.doubled import CHANNELS, SAME, SIDES, Doubled, Step


def after(*steps: Step) -> onnx.ModelProto:
    """Steps between the doubling and the convolution; those at the end are its padding."""
    net = Doubled()
    value = net.plain()
    for step in steps:
        value = step(net, value)
    padded = bool(net.nodes) and net.nodes[-1].op_type == "Pad"
    return net.finish(value, **({"pads": [0, 0, 0, 0]} if padded else SAME))


def op(kind: str, **attributes: Any) -> Step:
    return lambda net, value: net.node(kind, value, **attributes)


def clip(net: Doubled, value: str) -> str:
    return net.node("Clip", value, net.number(0), net.number(6))


def prelu(net: Doubled, value: str) -> str:
    return net.node("PRelu", value, net.constant(np.abs(net.drawn(CHANNELS, 1, 1))))


def batch_norm(net: Doubled, value: str) -> str:
    return net.batch_norm(value, CHANNELS)


def instance_norm(net: Doubled, value: str) -> str:
    return net.instance_norm(value, CHANNELS)


def gate(net: Doubled, value: str) -> str:
    """Squeeze and excitation."""
    seen = net.conv(net.node("GlobalAveragePool", value), CHANNELS, CHANNELS, 1)
    return net.node("Mul", value, net.node("Sigmoid", seen))


def reflect(net: Doubled, value: str) -> str:
    return net.reflected(value, 1)


def edge(net: Doubled, value: str) -> str:
    return net.node("Pad", value, net.whole(0, 0, 1, 1, 0, 0, 1, 1), mode="edge")


def zeros(net: Doubled, value: str) -> str:
    return net.node("Pad", value, net.whole(0, 0, 1, 1, 0, 0, 1, 1))


def by_place(net: Doubled, value: str) -> str:
    """Another number for each pixel."""
    return net.node("Add", value, net.constant(net.drawn(*(2 * side for side in SIDES))))


def cropped(net: Doubled, value: str) -> str:
    return net.node("Slice", value, net.whole(1), net.whole(9), net.whole(2))
