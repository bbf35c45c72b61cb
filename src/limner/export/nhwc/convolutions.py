"""Convolutions: plain, depthwise and transposed; and what pads an image before a window moves over it."""

from __future__ import annotations

import math
from typing import Any, Literal

from onnx import NodeProto

from limner.export.nhwc.builder import GraphBuilder, attributes_of, refusal
from limner.export.nhwc.operations import Convolution

SpatialPads = tuple[tuple[int, int], tuple[int, int]]
"""Before and after, for rows and columns."""


def lower_convolution(builder: GraphBuilder, node: NodeProto) -> None:
    """Conv and ConvTranspose."""
    attributes = attributes_of(node)
    image, weight, *bias = node.input
    if weight not in builder.constants or any(name not in builder.constants for name in bias if name):
        raise refusal(node, "its weights are not constants")
    kernel = builder.constants[weight].shape[2:]
    is_plain = set(attributes.get("dilations", [1])) == {1}
    if len(kernel) != 2 or not is_plain or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise refusal(node, "only plain 2-D convolutions with explicit padding can be written")
    image = builder.value(node, image)
    kind = _kind(builder, node, attributes.get("group", 1))
    stride = tuple(attributes.get("strides", [1, 1]))
    pads = attributes.get("pads", [0, 0, 0, 0])
    spatial_pads = spatial(pads)
    # A transposed convolution has the padding of the convolution that it inverts: that of its output.
    sides = builder.shapes[node.output[0] if kind == "transposed" else image][1:3]
    is_same = spatial_pads == tuple(map(same_padding, sides, kernel, stride))
    if not is_same and any(pads):
        if kind == "transposed":
            raise refusal(node, f"TensorFlow's transposed convolution does not have its pads {pads}")
        amounts = ((0, 0), *spatial_pads, (0, 0))
        image = builder.add_pad(f"{node.output[0]}/pad", image, "constant", amounts)
    builder.ops.append(
        Convolution(
            output=node.output[0],
            inputs=(image, weight, *[name for name in bias if name]),
            kind=kind,
            stride=stride,
            same_padding=is_same,
        )
    )


def _kind(
    builder: GraphBuilder, node: NodeProto, groups: int
) -> Literal["plain", "depthwise", "transposed"]:
    channels = builder.shapes[node.input[0]][3]
    if groups == 1:
        return "transposed" if node.op_type == "ConvTranspose" else "plain"
    if node.op_type == "ConvTranspose" or groups != channels:
        raise refusal(
            node, f"it has {groups} groups, and only plain 2-D and depthwise convolutions can be written"
        )
    return "depthwise"


def spatial(pads: Any) -> SpatialPads:
    """ONNX's pads (top, left, bottom, right), by axis."""
    top, left, bottom, right = pads
    return (top, bottom), (left, right)


def same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after an axis of an image."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2
