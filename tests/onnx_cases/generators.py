"""Networks from pictures to pictures, as exporters write them."""

from __future__ import annotations

import math

import numpy as np
import onnx

from onnx_cases.network import Network


def resnet_generator() -> onnx.ModelProto:
    """As CycleGAN's: strided convolutions, residual blocks, transposed convolutions with output padding."""
    net = Network(1)
    value = net.node("Relu", net.instance_norm(net.conv(net.reflected("image", 3), 3, 8, 7), 8))
    for channels in (8, 16):
        value = net.conv(value, channels, 2 * channels, 3, strides=[2, 2], pads=[1, 1, 1, 1])
        value = net.node("Relu", net.instance_norm(value, 2 * channels))
    for _ in range(3):
        value = net.block(value, 32)
    for channels in (32, 16):
        weights = net.constant(net.drawn(channels, channels // 2, 3, 3, gain=math.sqrt(1 / (channels * 2))))
        bias = net.constant(net.drawn(channels // 2, gain=0.1))
        value = net.node(
            "ConvTranspose", value, weights, bias, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
        )
        value = net.node("Relu", net.instance_norm(value, channels // 2))
    value = net.node("Tanh", net.conv(net.reflected(value, 3), 8, 3, 7))
    return net.model([1, 3, 64, 64], value)


def style_transfer() -> onnx.ModelProto:
    """As Johnson's (2016), with nearest upsampling: batch, height and width are open."""
    net = Network(2)
    value = net.node("Relu", net.instance_norm(net.conv(net.reflected("image", 4), 3, 8, 9), 8))
    for channels in (8, 16):
        value = net.conv(net.reflected(value, 1), channels, 2 * channels, 3, strides=[2, 2])
        value = net.node("Relu", net.instance_norm(value, 2 * channels))
    for _ in range(2):
        value = net.block(value, 32)
    for channels in (32, 16):
        scales = net.constant(np.array([1, 1, 2, 2], dtype=np.float32))
        value = net.node(
            "Resize", value, "", scales, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        value = net.conv(net.reflected(value, 1), channels, channels // 2, 3)
        value = net.node("Relu", net.instance_norm(value, channels // 2))
    return net.model(["batch", 3, "height", "width"], net.conv(net.reflected(value, 4), 8, 3, 9))


def super_resolution() -> onnx.ModelProto:
    """As ESPCN: sub-pixel convolution, beside a cubic enlargement."""
    net = Network(4)
    value = net.node("Relu", net.conv("image", 3, 32, 5, pads=[2, 2, 2, 2]))
    slope = net.constant(np.abs(net.drawn(16, 1, 1, gain=0.2)))
    value = net.node("PRelu", net.conv(value, 32, 16, 3, pads=[1, 1, 1, 1]), slope)
    fine = net.node("DepthToSpace", net.conv(value, 16, 27, 3, pads=[1, 1, 1, 1]), blocksize=3, mode="CRD")
    scales = net.constant(np.array([1, 1, 3, 3], dtype=np.float32))
    coarse = net.node("Resize", "image", "", scales, mode="cubic")
    return net.model(
        [1, 3, 48, 32],
        net.node("Clip", net.node("Add", fine, coarse), net.constant(np.array(0, dtype=np.float32))),
    )
