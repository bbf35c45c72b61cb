"""Pictures whose pixels are doubled before a 3x3 convolution, as exporters write it, and near misses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnx_cases.network import Network
from onnx_cases.writing import Networks, write_networks

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

    def plain(self) -> str:
        return self.resize(
            "", self.floats(1, 1, 2, 2), coordinate_transformation_mode="asymmetric", nearest_mode="floor"
        )

    def finish(self, value: str, **attributes: Any) -> onnx.ModelProto:
        value = self.conv(value, CHANNELS, 3, 3, **(attributes or SAME))
        return self.model([1, 3, *SIDES], self.node("Tanh", value), opset=self.opset)


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


def activated() -> onnx.ModelProto:
    net = Doubled()
    return net.finish(net.node("Tanh", net.plain()))


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


Maker = Callable[[], onnx.ModelProto]
DOUBLINGS: dict[str, tuple[Maker, bool]] = {
    "doubled": (partial(by_modes, "asymmetric", "floor"), True),
    "doubled-asymmetric-round": (partial(by_modes, "asymmetric", "round_prefer_floor"), True),
    "doubled-half-pixel": (partial(by_modes, "half_pixel", "round_prefer_floor"), True),
    "doubled-half-pixel-up": (partial(by_modes, "half_pixel", "round_prefer_ceil", 13), True),
    "doubled-pytorch": (partial(by_modes, "pytorch_half_pixel", "round_prefer_floor"), True),
    "doubled-tf": (partial(by_modes, "tf_half_pixel_for_nn", "floor", 11), True),
    "doubled-corners": (partial(by_modes, "align_corners", "round_prefer_floor"), True),
    "doubled-sizes": (by_sizes, True),
    "doubled-axes": (by_axes, True),
    "doubled-upsample": (partial(by_old, "Upsample", 9), True),
    "doubled-resize-10": (partial(by_old, "Resize", 10), True),
    "doubled-concat": (by_concat, True),
    "doubled-same": (same, True),
    "doubled-zeros": (partial(padded, "constant", 1, 1, 1, 1), True),
    "doubled-edge": (partial(padded, "edge", 1, 1, 1, 1), True),
    "doubled-reflect": (partial(padded, "reflect", 1, 1, 1, 1), True),
    "doubled-ones": (partial(padded, "constant", 1, 1, 1, 1, value=1.0), False),
    "doubled-reflect-far": (partial(padded, "reflect", 2, 1, 0, 1), False),
    "doubled-zeros-twice": (partial(padded, "constant", 1, 1, 1, 1, **SAME), False),
    "doubled-zeros-uneven": (partial(padded, "constant", 2, 0, 1, 3), False),
    "doubled-floor": (partial(by_modes, "half_pixel", "floor"), False),
    "doubled-ceil": (partial(by_modes, "asymmetric", "ceil"), False),
    "doubled-corners-floor": (partial(by_modes, "align_corners", "floor"), False),
    "doubled-columns": (partial(by_scales, 1.0, 2.0), False),
    "tripled": (partial(by_scales, 3.0, 3.0), False),
    "tripled-concat": (three_times, False),
    "doubled-activated": (activated, False),
}
"""How each is made, and whether it costs four products per output in place of nine."""


def write_doublings(folder: Path) -> None:
    networks: Networks = {name: (make, (1, 3, *SIDES)) for name, (make, _) in DOUBLINGS.items()}
    write_networks(folder, networks, "doublings")
    path = folder / "doublings.json"
    listed = json.loads(path.read_text())
    for one in listed:
        one["folded"] = DOUBLINGS[one["name"]][1]
    path.write_text(json.dumps(listed))
