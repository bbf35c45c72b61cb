"""Rewrite a network so that it takes and gives pictures as a look does, whatever its own format is.

In front of its nodes come some that bring an RGB picture in 0..1, (1, 3, H, W), into the network's format,
and behind them some that bring its output back. So every runtime paints it. The page does the same with
files that are dropped on it (web/player/painters/format/conversion.ts).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    StringStringEntryProto,
    TensorProto,
    helper,
    numpy_helper,
)

from limner.look.picture_format import GREY, PLAIN, RANGES, Channels, Formats, PictureFormat
from limner.reading import parse_json

PROPERTY = "picture_format"
"""The entry of the metadata that has the formats of the network as it was."""

FROM_RGB: dict[Channels, list[list[float]]] = {
    "BGR": [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
    "grey": [list(GREY)],
    "RGBA": [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]],
}
"""The weights of each channel; an alpha channel also has a bias of 1."""

TO_RGB: dict[Channels, list[list[float]]] = {
    "BGR": FROM_RGB["BGR"],
    "grey": [[1], [1], [1]],
    "RGBA": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
}


def with_plain_pictures(
    model: ModelProto,
    formats: Formats,
    inputs: Sequence[str],
    output: str,
    *,
    size: tuple[int, int],
    painted: tuple[int, int],
) -> ModelProto:
    """`model` with one picture as its input and one as its only output, both RGB in 0..1.

    The input is (1, 3, *size), and the output (1, 3, *painted): the same, but for super-resolution.
    `inputs` all get that picture, and `output` becomes the painting. Of the others, inputs stay and outputs
    go.
    """
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    types = {value.name: value.type.tensor_type.elem_type for value in [*graph.input, *graph.output]}
    names = _Names(graph)
    picture, painting = names.take("image"), names.take("painting")
    before = _Chain(picture, names)
    before.encode(formats.input, types[inputs[0]])
    after = _Chain(output, names)
    after.decode(formats.output, types[output])
    copies = [helper.make_node("Identity", [before.value], [name]) for name in inputs]
    last = helper.make_node("Identity", [after.value], [painting])
    nodes = [*before.nodes, *copies, *graph.node, *after.nodes, last]
    others = [value for value in graph.input if value.name not in inputs]
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.input.extend([helper.make_tensor_value_info(picture, TensorProto.FLOAT, [1, 3, *size]), *others])
    graph.output.append(helper.make_tensor_value_info(painting, TensorProto.FLOAT, [1, 3, *painted]))
    result.metadata_props.append(StringStringEntryProto(key=PROPERTY, value=json.dumps(asdict(formats))))
    return result


def read_formats(model: ModelProto) -> Formats | None:
    """The formats of a network before it was rewritten; None for one that was not."""
    text = next((entry.value for entry in model.metadata_props if entry.key == PROPERTY), None)
    if text is None:
        return None
    try:
        written = parse_json(text)
        formats = Formats(*(PictureFormat(**written[end]) for end in ("input", "output")))
    except (ValueError, TypeError, KeyError):
        return PLAIN
    return formats if formats.input.is_known and formats.output.is_known else PLAIN


def with_fixed_size(model: ModelProto, inputs: Sequence[str], shape: Sequence[int]) -> ModelProto:
    """`model` with this shape of these inputs, and without the shapes that follow from it."""
    result = ModelProto()
    result.CopyFrom(model)
    del result.graph.value_info[:]
    for value in result.graph.input:
        if value.name in inputs:
            value.CopyFrom(
                helper.make_tensor_value_info(value.name, value.type.tensor_type.elem_type, shape)
            )
    for value in result.graph.output:
        value.type.tensor_type.ClearField("shape")
    return result


class _Names:
    """The names in a graph and in the graphs inside it, which new values must not have."""

    def __init__(self, graph: GraphProto) -> None:
        self._taken = set(_names_in(graph))

    def take(self, wanted: str) -> str:
        """`wanted`, or with the prefix that makes it new."""
        while wanted in self._taken:
            wanted = f"limner.{wanted}"
        self._taken.add(wanted)
        return wanted


def _names_in(graph: GraphProto) -> Iterator[str]:
    for value in [*graph.input, *graph.output, *graph.initializer]:
        yield value.name
    for sparse in graph.sparse_initializer:
        yield sparse.values.name
    for node in graph.node:
        yield from [*node.input, *node.output]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from _names_in(inner)


class _Chain:
    """Nodes in a row, each with the value of the one before."""

    def __init__(self, value: str, names: _Names) -> None:
        self.value = value
        self.nodes: list[NodeProto] = []
        self._names = names

    def encode(self, form: PictureFormat, element_type: int) -> None:
        """From RGB in 0..1 to this format."""
        black, white = RANGES[form.range]
        if form.channels != "RGB":
            bias = [0.0, 0.0, 0.0, 1.0] if form.channels == "RGBA" else None
            self._mix(FROM_RGB[form.channels], bias)
        self._scale(white - black, black)
        if form.layout == "NHWC":
            self._add("Transpose", perm=[0, 2, 3, 1])
        if element_type == TensorProto.UINT8:
            self._scale(1.0, 0.5)  # the cast cuts decimals off; Round needs opset 11
        self._cast(element_type)

    def decode(self, form: PictureFormat, element_type: int) -> None:
        """From this format to RGB in 0..1."""
        black, white = RANGES[form.range]
        self._cast(TensorProto.FLOAT, element_type)
        if form.layout == "NHWC":
            self._add("Transpose", perm=[0, 3, 1, 2])
        self._scale(1 / (white - black), -black / (white - black))
        if form.channels != "RGB":
            self._mix(TO_RGB[form.channels], None)

    def _scale(self, factor: float, offset: float) -> None:
        if factor != 1:
            self._add("Mul", np.array(factor, np.float32))
        if offset:
            self._add("Add", np.array(offset, np.float32))

    def _mix(self, weights: list[list[float]], bias: list[float] | None) -> None:
        """Each channel as a sum of the channels before: a 1x1 convolution."""
        kernel = np.array(weights, np.float32)[..., None, None]
        self._add("Conv", kernel, *([] if bias is None else [np.array(bias, np.float32)]))

    def _cast(self, element_type: int, given: int = TensorProto.FLOAT) -> None:
        if element_type != given:
            self._add("Cast", to=element_type)

    def _add(self, operator: str, *constants: NDArray[np.float32], **attributes: Any) -> None:
        name = self._names.take(f"{self.value}.{operator.lower()}")
        keys = [self._names.take(f"{name}.{place}") for place in range(len(constants))]
        for constant, key in zip(constants, keys, strict=True):
            # In old files every initializer is among the inputs; a node has no such rule.
            self.nodes.append(
                helper.make_node("Constant", [], [key], value=numpy_helper.from_array(constant))
            )
        self.nodes.append(helper.make_node(operator, [self.value, *keys], [name], **attributes))
        self.value = name
