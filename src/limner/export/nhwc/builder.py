"""The graph in NHWC while it is built: values by name, constants in NHWC, padding, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from onnx import NodeProto, helper

from limner.errors import LimnerError
from limner.export.nhwc.operations import Array, NhwcOp, Pad, Reshape, Shape


@dataclass
class GraphBuilder:
    """What has been converted so far."""

    opset: int
    constants: dict[str, Array]
    shapes: dict[str, Shape]
    """Shapes of all values, those with four axes in NHWC."""
    ops: list[NhwcOp] = field(default_factory=list)
    planes: dict[str, str] = field(default_factory=dict)
    """Names of the 2-D (H, W * C) form of values: the operands and results of matrix products."""
    only_planes: set[str] = field(default_factory=set)
    """Values that exist only in their 2-D form so far."""
    flattened: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """The (C, H, W) of flattened images whose values are in another order here than in ONNX."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Values that equal an earlier one, by name."""

    def value(self, node: NodeProto, name: str) -> str:
        """An operand in ONNX's order of values, up to the place of the channels."""
        if name in self.flattened:
            raise refusal(node, "it reads a flattened picture, which only a linear layer may do")
        return self.image(name)

    def image(self, name: str) -> str:
        """The value in its 4-D form; adds a reshape if only its 2-D form exists."""
        if name in self.only_planes:
            self.only_planes.remove(name)
            self.ops.append(Reshape(output=name, inputs=(self.planes[name],)))
        return name

    def operand(self, node: NodeProto, name: str) -> str:
        """An operand of an elementwise operator; a constant is converted to NHWC."""
        array = self.constants.get(name)
        if array is None:
            return self.value(node, name)
        if array.ndim == 0 or len(self.shapes[node.output[0]]) == 2:
            return name
        shape = (1,) * (4 - array.ndim) + array.shape
        if len(shape) != 4 or shape[0] != 1:
            raise refusal(node, f"its constant {name} has shape {array.shape}")
        last = array.reshape(shape).transpose(0, 2, 3, 1)
        return self.constant(
            f"{name}/channels_last",
            last.reshape(()) if array.size == 1 else np.ascontiguousarray(last),
        )

    def constant(self, name: str, values: Array) -> str:
        """A constant of the graph in NHWC."""
        self.constants[name] = values
        return name

    def add_pad(
        self,
        output: str,
        image: str,
        mode: Literal["constant", "symmetric"],
        amounts: Sequence[tuple[int, int]],
        value: float = 0.0,
    ) -> str:
        """Add padding; `amounts` are before and after, for each axis in NHWC."""
        sides = zip(self.shapes[image], amounts, strict=True)
        self.shapes[output] = tuple(side + before + after for side, (before, after) in sides)
        self.ops.append(Pad(output=output, inputs=(image,), mode=mode, amounts=tuple(amounts), value=value))
        return output


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """The attributes that the node has, by name."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def to_nhwc_values(values: Sequence[Any]) -> tuple[Any, ...]:
    """Reorder per-axis values from NCHW to NHWC."""
    return (values[0], *values[2:], values[1])


def nhwc_shape(shape: Sequence[int]) -> Shape:
    """A shape in NHWC if it has four axes; otherwise as it is."""
    return to_nhwc_values(shape) if len(shape) == 4 else tuple(shape)


def refusal(node: NodeProto, why: str) -> LimnerError:
    """The error for a node that cannot be written."""
    return LimnerError(
        f"{node.name or node.output[0]} ({node.op_type}) cannot be written for TensorFlow: {why}."
    )
