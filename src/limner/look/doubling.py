"""Convolutions of doubled images: how a look's decoder upsamples.

`Resize` repeats each pixel two by two, `Pad` may repeat the edge once, and a 3x3 convolution follows. Two
of three taps often read the same pixel, so an output has four different products and not nine. An engine
that adds those taps' weights first computes only four: a 2x2 kernel for each of the four outputs of a pixel
(the sub-pixel form of Shi et al. 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

EDGE_PADS = [0, 0, 1, 1, 0, 0, 1, 1]
"""ONNX's pads of an image (N, C, H, W) whose edge is repeated once."""


@dataclass(frozen=True)
class DoubledConv:
    """A 3x3 convolution of a doubled image."""

    conv: NodeProto
    image: str
    """The image before it is doubled."""
    has_edge_padding: bool
    """Whether the edge is repeated around it; else zeros are."""


def find_doubled_convs(graph: GraphProto) -> dict[str, DoubledConv]:
    """The convolutions of doubled images, by the name of their output; weights must be in float32."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = (_match(node, makers, constants) for node in graph.node if node.op_type == "Conv")
    return {one.conv.output[0]: one for one in found if one}


def _match(
    conv: NodeProto, makers: Mapping[str, NodeProto], constants: Mapping[str, NDArray[Any]]
) -> DoubledConv | None:
    own = _attributes(conv)
    weight = constants.get(conv.input[1])
    before = makers.get(conv.input[0])
    has_edge = before is not None and before.op_type == "Pad" and _attributes(before).get("mode") == b"edge"
    if before is not None and has_edge:
        pads = constants.get(before.input[1]) if len(before.input) == 2 else None
        if pads is None or pads.tolist() != EDGE_PADS:
            return None
        before = makers.get(before.input[0])
    is_plain = (
        weight is not None
        and weight.dtype == np.float32
        and weight.shape[2:] == (3, 3)
        and own.get("pads", [0] * 4) == ([0] * 4 if has_edge else [1] * 4)
        and own.get("group", 1) == 1
        and {*own.get("strides", [1]), *own.get("dilations", [1])} == {1}
        and own.get("auto_pad", b"NOTSET") == b"NOTSET"
    )
    if before is None or not is_plain or not is_doubling(before, constants):
        return None
    return DoubledConv(conv, before.input[0], has_edge)


def is_doubling(node: NodeProto, constants: Mapping[str, NDArray[Any]]) -> bool:
    """Whether the node repeats each pixel two by two, as torch's exporter writes it."""
    own = _attributes(node)
    modes = [own.get(name) for name in ("coordinate_transformation_mode", "nearest_mode")]
    is_nearest = own.get("mode", b"nearest") == b"nearest" and modes == [b"asymmetric", b"floor"]
    if node.op_type != "Resize" or not is_nearest or len(node.input) != 3 or node.input[2] not in constants:
        return False
    return bool(constants[node.input[2]].tolist() == [1, 1, 2, 2])


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
