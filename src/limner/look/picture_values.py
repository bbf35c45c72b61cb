"""Which inputs and outputs of another program's network are pictures, told from their shapes and types.

The page has the same rules (web/player/painters/format/adapt.ts).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto

from limner.display import printable
from limner.errors import LimnerError
from limner.look.picture_format import Channels, FormatOptions, Layout, PictureFormat
from limner.look.picture_sizes import Size
from limner.look.validation import required_inputs, required_scalars, value_shape

NUMBERS: dict[int, type[np.number[Any]]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.FLOAT16: np.float16,
    TensorProto.UINT8: np.uint8,
}
"""Types of values that a picture may have."""

CHANNELS: dict[int, Channels] = {1: "grey", 3: "RGB", 4: "RGBA"}
"""What the channels are, by their number."""

PAINTING_TYPES = (np.dtype(np.float32), np.dtype(np.float16), np.dtype(np.float64), np.dtype(np.uint8))
"""Types of values that a painting may have. Other integers are classes."""


def picture_inputs(model: ModelProto) -> list[ValueInfoProto]:
    """The inputs that get the picture. Raises LimnerError if there are others that need a value."""
    scalars = {value.name for value in required_scalars(model.graph)}
    inputs = [value for value in required_inputs(model.graph) if value.name not in scalars]
    pictures = [value for value in inputs if _layouts_of(value)]
    if not pictures:
        given = f"'{printable(inputs[0].name)}', {_describe(inputs[0])}" if inputs else "nothing"
        raise LimnerError(f"is no network on pictures: it takes {given}")
    shape, kind = value_shape(pictures[0]), pictures[0].type.tensor_type.elem_type
    for value in inputs:
        if value_shape(value) != shape or value.type.tensor_type.elem_type != kind:
            raise LimnerError(
                f"takes more than a picture: its input '{printable(value.name)}' is {_describe(value)}, "
                "and limner has nothing for it"
            )
    return pictures


def _describe(value: ValueInfoProto) -> str:
    shape = " x ".join(str(side or "?") for side in value_shape(value)) or "one number"
    kind = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    return f"{shape} in {kind}"


def _layouts_of(value: ValueInfoProto) -> list[Layout]:
    """The layouts that the shape of an input allows, the likeliest first; none if it is no picture."""
    shape = value_shape(value)
    if len(shape) != 4 or shape[0] not in {0, 1} or value.type.tensor_type.elem_type not in NUMBERS:
        return []
    axes: tuple[tuple[Layout, int], ...] = (("NCHW", 1), ("NHWC", 3))
    sure: list[Layout] = [layout for layout, axis in axes if shape[axis] in CHANNELS]
    return sure or [layout for layout, axis in axes if shape[axis] == 0]


def read_input_format(value: ValueInfoProto, options: FormatOptions) -> PictureFormat:
    """The layout and the channels of the input as its shape has them.

    Raises LimnerError with a sentence if its shape does not allow the layout that is said.
    """
    layouts = _layouts_of(value)
    said = options.layout[0] if options.layout else layouts[0]
    if said not in layouts:
        raise LimnerError(f"takes {_describe(value)}, which is not {said}")
    count = value_shape(value)[1 if said == "NCHW" else 3]
    default: Channels = options.channels[0] if options.channels else "RGB"
    return PictureFormat("0..1", said, CHANNELS[count] if count else default)


def output_layouts(said: Layout | None, usual: Layout) -> list[Layout]:
    """The layouts in which an output is looked for: that of the input first."""
    if said:
        return [said]
    return [usual, "NHWC" if usual == "NCHW" else "NCHW"]


def is_picture(output: NDArray[Any], layout: Layout, size: Size | None) -> bool:
    """Whether an output is a picture in this layout: of this size (height and width), or of any."""
    if output.ndim != 4 or output.shape[0] != 1 or output.dtype not in PAINTING_TYPES:
        return False
    channels, height, width = (
        output.shape[axis] for axis in ((1, 2, 3) if layout == "NCHW" else (3, 1, 2))
    )
    return channels in CHANNELS and ((height, width) == size if size else min(height, width) >= 16)
