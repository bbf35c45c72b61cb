"""Doublings as exporters write them, and near misses."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from onnx_cases.doubled import CHANNELS, SIDES, Doubled


def by_modes(coordinates: str, rounding: str, opset: int = 17) -> onnx.ModelProto:
    net = Doubled(opset)
    ends = ["" if opset > 12 else net.floats(), net.floats(1, 1, 2, 2)]
    return net.finish(net.resize(*ends, coordinate_transformation_mode=coordinates, nearest_mode=rounding))


def by_sizes() -> onnx.ModelProto:
    net = Doubled()
    sizes = net.whole(1, CHANNELS, *(2 * side for side in SIDES))
    return net.finish(net.resize("", "", sizes, coordinate_transformation_mode="half_pixel"))


def by_axes() -> onnx.ModelProto:
    net = Doubled(18)
    value = net.node(
        "Resize", net.x, "", net.floats(2, 2),
        axes=[2, 3], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    return net.finish(value)


def by_old(op: str, opset: int) -> onnx.ModelProto:
    net = Doubled(opset)
    return net.finish(net.node(op, net.x, net.floats(1, 1, 2, 2), mode="nearest"))


def by_concat() -> onnx.ModelProto:
    """As in the ONNX files of fast-neural-style, which are older than Resize."""
    net = Doubled()
    column = net.node("Reshape", net.x, net.whole(-1, 1))
    rows = net.node("Reshape", net.node("Concat", column, column, axis=1), net.whole(-1, 2 * SIDES[1]))
    both = net.node("Concat", rows, rows, axis=1)
    return net.finish(net.node("Reshape", both, net.whole(-1, CHANNELS, 2 * SIDES[0], 2 * SIDES[1])))


def padded(mode: str, *sides: int, value: float = 0.0, **attributes: Any) -> onnx.ModelProto:
    net = Doubled()
    top, left, bottom, right = sides
    ends = [net.whole(0, 0, top, left, 0, 0, bottom, right)]
    if mode == "constant":
        ends.append(net.constant(np.array(value, dtype=np.float32)))
    return net.finish(
        net.node("Pad", net.plain(), *ends, mode=mode), **(attributes or {"pads": [0, 0, 0, 0]})
    )


def same() -> onnx.ModelProto:
    net = Doubled()
    return net.finish(net.plain(), auto_pad="SAME_UPPER")


def by_scales(*scales: float) -> onnx.ModelProto:
    net = Doubled()
    value = net.resize(
        "", net.floats(1, 1, *scales), coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )
    return net.finish(value)


def three_times() -> onnx.ModelProto:
    """Rows and columns, each three times; and channels twice."""
    net = Doubled()
    column = net.node("Reshape", net.x, net.whole(-1, 1))
    wide = net.node("Concat", column, column, column, axis=1)
    rows = net.node("Reshape", wide, net.whole(-1, 3 * SIDES[1]))
    tall = net.node("Concat", rows, rows, rows, axis=1)
    value = net.node("Reshape", tall, net.whole(1, CHANNELS, 3 * SIDES[0], 3 * SIDES[1]))
    value = net.node("Concat", value, value, axis=1)
    value = net.conv(value, 2 * CHANNELS, CHANNELS, 1)
    return net.finish(net.node("Concat", value, value, axis=2))


def by_computed_sizes() -> onnx.ModelProto:
    """As tf2onnx and torch write sizes that follow the input's."""
    net = Doubled(13)
    shape = net.node("Shape", net.x)
    sides = net.node("Slice", shape, net.whole(2), net.whole(4), net.whole(0))
    twice = net.node("Cast", net.node("Mul", net.node("Cast", sides, to=1), net.floats(2, 2)), to=7)
    sizes = net.node(
        "Concat", net.node("Slice", shape, net.whole(0), net.whole(2), net.whole(0)), twice, axis=0
    )
    return net.finish(
        net.resize("", "", sizes, coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    )


def by_computed_scales(opset: int) -> onnx.ModelProto:
    """As Keras' sizes become scales: the new sides by the old ones."""
    net = Doubled(opset)
    old = net.node("Cast", net.node("Shape", net.x), to=1)
    new = net.node("Mul", old, net.floats(1, 1, 2, 2))
    scales = net.node("Div", new, old)
    if opset < 11:
        return net.finish(net.node("Upsample", net.x, scales, mode="nearest"))
    modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return net.finish(net.resize(net.floats(), scales, **modes))


def by_attribute() -> onnx.ModelProto:
    net = Doubled(7)
    return net.finish(net.node("Upsample", net.x, mode="nearest", scales=[1.0, 1.0, 2.0, 2.0]))
