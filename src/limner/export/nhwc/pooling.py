"""Pools, means over the whole picture, and local response normalization."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from onnx import NodeProto

from limner.export.nhwc.builder import GraphBuilder, attributes_of, refusal
from limner.export.nhwc.convolutions import SpatialPads, same_padding, spatial
from limner.export.nhwc.operations import Mean, Pool, ResponseNormalization

LOWEST = float(np.finfo(np.float32).min)
"""What pads an image of which a maximum is taken: less than any value of it."""


def lower_pool(builder: GraphBuilder, node: NodeProto) -> None:
    """MaxPool and AveragePool."""
    attributes = attributes_of(node)
    kernel = tuple(attributes["kernel_shape"])
    is_plain = set(attributes.get("dilations", [1])) == {1} and len(node.output) == 1
    if len(kernel) != 2 or not is_plain or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise refusal(node, "only plain 2-D pools with explicit padding can be written")
    stride = tuple(attributes.get("strides", [1, 1]))
    image = builder.value(node, node.input[0])
    sides, reached = builder.shapes[image][1:3], builder.shapes[node.output[0]][1:3]
    pads = _read_pads(spatial(attributes.get("pads", [0] * 4)), sides, reached, kernel, stride)
    kind: Literal["max", "average"] = "max" if node.op_type == "MaxPool" else "average"
    is_same = pads == tuple(map(same_padding, sides, kernel, stride))
    if any(map(any, pads)) and kind == "average":
        _check_average(node, attributes, is_same=is_same)
        is_same = is_same and not attributes.get("count_include_pad", 0)
    if any(map(any, pads)) and not is_same:
        value = LOWEST if kind == "max" else 0.0
        amounts = ((0, 0), *pads, (0, 0))
        image = builder.add_pad(f"{node.output[0]}/pad", image, "constant", amounts, value)
    builder.ops.append(
        Pool(
            output=node.output[0],
            inputs=(image,),
            kind=kind,
            kernel=kernel,
            stride=stride,
            same_padding=is_same,
        )
    )


def _read_pads(
    pads: SpatialPads,
    sides: tuple[int, ...],
    reached: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
) -> SpatialPads:
    """The padding that windows read: ONNX's may be larger, or smaller where sides are rounded up."""
    rows, columns = (
        (before, max((count - 1) * step + window - side - before, 0))
        for (before, _), side, count, window, step in zip(pads, sides, reached, kernel, stride, strict=True)
    )
    return rows, columns


def _check_average(node: NodeProto, attributes: dict[str, Any], *, is_same: bool) -> None:
    """Refuse averages whose number of values TensorFlow would count otherwise."""
    if attributes.get("ceil_mode", 0):
        raise refusal(node, "an average whose sides are rounded up cannot be written")
    if not attributes.get("count_include_pad", 0) and not is_same:
        raise refusal(node, "an average with these pads, which leaves the border out, cannot be written")


def lower_mean(builder: GraphBuilder, node: NodeProto) -> None:
    """GlobalAveragePool, and ReduceMean over rows and columns."""
    attributes = attributes_of(node)
    image = builder.value(node, node.input[0])
    keeps_axes = True
    if node.op_type == "ReduceMean":
        axes = attributes.get("axes")  # an input since opset 18
        if axes is None and len(node.input) > 1 and node.input[1] in builder.constants:
            axes = builder.constants[node.input[1]].tolist()
        if len(builder.shapes[image]) != 4 or {axis % 4 for axis in axes or ()} != {2, 3}:
            raise refusal(node, "only means over rows and columns can be written")
        keeps_axes = bool(attributes.get("keepdims", 1))
    builder.ops.append(Mean(output=node.output[0], inputs=(image,), keeps_axes=keeps_axes))


def lower_response_norm(builder: GraphBuilder, node: NodeProto) -> None:
    """LRN; TensorFlow's alpha is not divided by the number of channels, as ONNX's is."""
    attributes = attributes_of(node)
    size = attributes["size"]
    image = builder.value(node, node.input[0])
    if size % 2 == 0 or len(builder.shapes[image]) != 4:
        raise refusal(node, "only an odd number of channels of a picture can be written")
    builder.ops.append(
        ResponseNormalization(
            output=node.output[0],
            inputs=(image,),
            radius=size // 2,
            bias=attributes.get("bias", 1.0),
            alpha=attributes.get("alpha", 1e-4) / size,
            beta=attributes.get("beta", 0.75),
        )
    )
