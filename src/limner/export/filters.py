"""The filters that each look gets: functions of its file, in standard operators (`limner.look.filters`)."""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import ModelProto, helper

from limner.export.filter_writer import FilterWriter, Value
from limner.export.guide_filters import (
    write_blur,
    write_invert,
    write_median,
    write_stretch,
    write_threshold,
)
from limner.export.temporal_filters import (
    write_difference,
    write_freeze,
    write_smoothing,
    write_stillness,
)
from limner.live import LiveInput
from limner.look.metadata import FILTER_DOMAIN, Filter
from limner.look.validation import value_shape

MAX_KEPT = 0.95
"""The largest share that a frame keeps of the last one: half floats would stop short with a larger one."""

GUIDE_FILTERS: dict[str, tuple[LiveInput, bool, Callable[[FilterWriter, Value], None]]] = {
    "smoothing": (LiveInput("Smoothing of the guide", 0, MAX_KEPT, 0), False, write_smoothing),
    "difference": (LiveInput("Frame difference", 0, 1, 0), False, write_difference),
    "stretch": (LiveInput("Contrast stretch", 0, 1, 0), False, write_stretch),
    "blur": (LiveInput("Blur", 0, 1, 0), False, write_blur),
    "median": (LiveInput("Median", 0, 1, 0), True, write_median),
    "threshold": (LiveInput("Threshold", 0, 1, 0), False, write_threshold),
    "invert": (LiveInput("Invert", 0, 1, 0), False, write_invert),
}
"""Of what the network is shown: the live input, whether it is a switch, and what writes the nodes."""


def add_filters(model: ModelProto) -> dict[str, Filter]:
    """Write the filters' functions into a look, and return what its metadata say of them."""
    picture, shown, painting = _find_values(model)
    freeze = FilterWriter("freeze", LiveInput("Freeze", 0, 1, 0), is_switch=True)
    write_freeze(freeze, picture)
    stillness = FilterWriter("stillness", LiveInput("Stillness", 0, MAX_KEPT, 0))
    write_stillness(stillness, shown, painting)
    filters = [freeze, stillness]
    for name, (live, is_switch, write) in GUIDE_FILTERS.items():
        filters.append(FilterWriter(name, live, is_switch))
        write(filters[-1], shown)
    model.functions.extend(one.function() for one in filters)
    model.opset_import.append(helper.make_opsetid(FILTER_DOMAIN, 1))
    return {one.name: one.metadata() for one in filters}


def _find_values(model: ModelProto) -> tuple[Value, Value, Value]:
    """The picture, what the network is shown, and the painting.

    The network is shown what the guide is made of, before it is smoothed or enlarged by matrices; in a look
    without a guide it is the picture.
    """
    graph = onnx.shape_inference.infer_shapes(model).graph
    known = [*graph.input, *graph.output, *graph.value_info]
    shapes = {value.name: tuple(value_shape(value)) for value in known}
    makers = {output: node for node in graph.node for output in node.output}
    from_picture = {"image"}
    for node in graph.node:
        if from_picture.intersection(node.input):
            from_picture.update(node.output)
    shown = "guide" if "guide" in makers else "image"
    while shown in makers and makers[shown].op_type == "MatMul":
        shown = next(name for name in makers[shown].input if name in from_picture)
    picture, guide, painting = (Value(name, shapes[name]) for name in ("image", shown, "painting"))
    return picture, guide, painting
