"""Networks from pictures to classes and boxes."""

from __future__ import annotations

import onnx

from onnx_cases.network import Network


def classifier() -> onnx.ModelProto:
    """As MobileNetV3: depthwise convolutions, squeeze and excitation, HardSwish, Gemm, Softmax."""
    net = Network(3)
    value = net.conv("image", 3, 16, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    value = net.node("HardSwish", net.batch_norm(value, 16))
    for channels, stride in ((16, 2), (24, 1), (40, 2)):
        inner = net.node(
            "HardSwish", net.batch_norm(net.conv(value, channels, 3 * channels, 1), 3 * channels)
        )
        wide = 3 * channels
        inner = net.conv(inner, wide, wide, 5, group=wide, strides=[stride] * 2, pads=[2, 2, 2, 2])
        inner = net.node("HardSwish", net.batch_norm(inner, wide))
        seen = net.node("Relu", net.conv(net.node("GlobalAveragePool", inner), wide, 8, 1))
        gate = net.node("HardSigmoid", net.conv(seen, 8, wide, 1), alpha=1 / 6, beta=0.5)
        narrow = {16: 24, 24: 40, 40: 48}[channels]
        value = net.batch_norm(net.conv(net.node("Mul", inner, gate), wide, narrow, 1), narrow)
    value = net.node("Flatten", net.node("GlobalAveragePool", value))
    weights, bias = net.constant(net.drawn(64, 48, gain=0.2)), net.constant(net.drawn(64, gain=0.1))
    value = net.node("HardSwish", net.node("Gemm", value, weights, bias, transB=1))
    value = net.node("Dropout", value)
    value = net.node("Gemm", value, net.constant(net.drawn(64, 10, gain=0.3)), alpha=0.5)
    return net.model([1, 3, 64, 64], net.node("Softmax", value, axis=1), "nk")


def detector() -> onnx.ModelProto:
    """As UltraFace: anchors of four scales, 4,420 in all, with two scores and a box each."""
    net = Network(12)
    value = net.node("Relu", net.conv("image", 3, 8, 3, strides=[4, 4], pads=[1, 1, 1, 1]))
    scores: list[str] = []
    boxes: list[str] = []
    for anchors in (3, 2, 2, 3):
        value = net.node("Relu", net.conv(value, 8, 8, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
        for parts, each in ((scores, 2), (boxes, 4)):
            head = net.conv(value, 8, anchors * each, 3, pads=[1, 1, 1, 1])
            last = net.node("Transpose", head, perm=[0, 2, 3, 1])
            parts.append(net.node("Reshape", last, net.whole(1, -1, each)))
    likely = net.node("Softmax", net.node("Concat", *scores, axis=1), axis=2)
    places = net.node("Concat", *boxes, axis=1)
    return net.model([1, 3, 240, 320], net.node("Concat", likely, places, axis=2), "nak")
