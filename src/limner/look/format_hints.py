"""What a graph says about the range of its pictures, without running it.

A network that begins with `x / 255` takes 0..255, and one that ends in `tanh(x)` gives -1..1. Bounds follow
from interval arithmetic over the element-wise nodes at both ends; what is in between is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

from limner.look.picture_format import RANGES, Channels, Range

NORMALIZED = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 255.0), (-127.5, 127.5), (-2.1, 2.4))
"""Where networks bring their pictures before the first convolution; the last is ImageNet's."""

IMAGENET_MEANS = np.array([1, 0.941, 0.839])
"""The means of red, green and blue, relative to red."""

MAX_DISTANCE = 0.3
"""How far bounds may be from those of a range, as a part of its width, at both ends together."""

KEEPS_VALUES = {"Identity", "Transpose", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Dropout"}
BOUNDED = {"Tanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0), "HardSigmoid": (0.0, 1.0), "Softmax": (0.0, 1.0)}
ARITHMETIC = {"Add", "Sub", "Mul", "Div"}

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The least and the greatest value, each a scalar or one for each channel."""


@dataclass(frozen=True)
class _Step:
    """Arithmetic with a constant: one value, or one for each channel."""

    operator: str
    constant: NDArray[np.float64]
    is_left: bool
    """Whether the value is the left operand, and the constant the right one."""

    def apply(self, bounds: Bounds) -> Bounds | None:
        """The bounds after it."""
        values = self.constant.ravel() if self.constant.size > 1 else self.constant.reshape(())
        if {values.size, bounds[0].size} == {3, 4}:
            return None
        with np.errstate(all="ignore"):
            match self.operator:
                case "Add":
                    ends = [end + values for end in bounds]
                case "Sub":
                    ends = [end - values if self.is_left else values - end for end in bounds]
                case "Mul":
                    ends = [end * values for end in bounds]
                case "Div" if self.is_left:
                    ends = [end / values for end in bounds]
                case _:
                    return None
            return np.minimum(*ends), np.maximum(*ends)


def _step_of(node: NodeProto, name: str, constants: dict[str, NDArray[np.float64]]) -> _Step | None:
    """The arithmetic that a node does with value `name` and a constant."""
    if node.op_type not in ARITHMETIC or name in constants or len(node.input) != 2:
        return None
    is_left = node.input[0] == name
    constant = constants.get(node.input[1 if is_left else 0])
    return None if constant is None else _Step(node.op_type, constant, is_left)


@dataclass(frozen=True)
class GraphEnds:
    """The beginning and the end of a graph between one input and one output."""

    graph: GraphProto
    input: str
    output: str

    def input_range(self) -> Range | None:
        """The range of which the first nodes make usual numbers; None where there are no such nodes."""
        steps = self._first_steps()
        if not steps:
            return None
        distances: dict[Range, float] = {}
        for name, (black, white) in RANGES.items():
            bounds: Bounds | None = (np.array(black, float), np.array(white, float))
            for step in steps:
                bounds = bounds and step.apply(bounds)
            if bounds:
                distances[name] = min(_distance(bounds, usual) for usual in NORMALIZED)
        found = min(distances, key=lambda name: distances[name], default=None)
        return found if found is not None and distances[found] < MAX_DISTANCE else None

    def input_channels(self) -> Channels | None:
        """The order of the colours, if the first nodes subtract the means of ImageNet's channels."""
        for step in self._first_steps():
            means = np.abs(step.constant.ravel())
            if step.operator in {"Add", "Sub"} and means.size == 3 and means.max() > 0:
                relative = means / means.max()
                if np.abs(relative - IMAGENET_MEANS).max() < 0.02:
                    return "RGB"
                if np.abs(relative[::-1] - IMAGENET_MEANS).max() < 0.02:
                    return "BGR"
        return None

    def output_range(self, input_range: Range) -> Range | None:
        """The range whose bounds the last nodes keep, or None where there are no such nodes."""
        black, white = RANGES[input_range]
        bounds = self._bounds(self.output, (np.array(black, float), np.array(white, float)))
        if bounds is None or not all(np.isfinite(end).all() for end in bounds):  # they may differ in shape
            return None
        distances = {name: _distance(bounds, ends) for name, ends in RANGES.items()}
        found = min(distances, key=lambda name: distances[name])
        return found if distances[found] < MAX_DISTANCE else None

    def _first_steps(self) -> list[_Step]:
        """The arithmetic with constants that follows the input."""
        constants = self._constants()
        name, steps = self.input, list[_Step]()
        for _ in self.graph.node:
            readers = [node for node in self.graph.node if name in node.input]
            if len(readers) != 1:
                break
            (node,) = readers
            if step := _step_of(node, name, constants):
                steps.append(step)
            elif node.op_type not in KEEPS_VALUES or node.input[0] != name:
                break
            name = node.output[0]
        return steps

    def _bounds(self, name: str, of_input: Bounds) -> Bounds | None:
        """The bounds of a value, or None where they are not known."""
        constants = self._constants()
        makers = {output: node for node in self.graph.node for output in node.output}
        steps: list[_Step] = []
        bounds: Bounds | None = None
        for _ in range(len(self.graph.node) + 1):
            if name == self.input:
                bounds = of_input
            elif (node := makers.get(name)) is None:
                return None
            elif node.op_type in BOUNDED:
                low, high = BOUNDED[node.op_type]
                bounds = (np.array(low), np.array(high))
            elif node.op_type == "Clip":
                bounds = _clip_bounds(node, constants)
            if bounds or not node:
                break
            step = next((s for one in node.input if (s := _step_of(node, one, constants))), None)
            if step:
                steps.append(step)
                name = node.input[0 if step.is_left else 1]
            elif node.op_type in KEEPS_VALUES:
                name = node.input[0]
            else:
                return None
        for step in reversed(steps):
            bounds = bounds and step.apply(bounds)
        return bounds

    def _constants(self) -> dict[str, NDArray[np.float64]]:
        """The constants of a few values."""
        tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type == "Constant":
                tensors |= [(node.output[0], entry.t) for entry in node.attribute if entry.name == "value"]
        return {
            name: numpy_helper.to_array(tensor).astype(float)
            for name, tensor in tensors.items()
            if int(np.prod(tensor.dims)) in {1, 3, 4} and tensor.data_type in _FLOATS
        }


_FLOATS = {1, 10, 11}
"""TensorProto.FLOAT, FLOAT16, DOUBLE."""


def _clip_bounds(node: NodeProto, constants: dict[str, NDArray[np.float64]]) -> Bounds | None:
    """The bounds of Clip, which older opsets have as attributes."""
    written = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    ends = []
    for place, name in enumerate(("min", "max"), start=1):
        given = constants.get(node.input[place]) if len(node.input) > place else written.get(name)
        if given is None:
            return None
        ends.append(np.asarray(given, float))
    return ends[0], ends[1]


def _distance(bounds: Bounds, ends: Sequence[float]) -> float:
    """How far bounds are from the ends of a range, as a part of its width."""
    low, high = float(np.mean(bounds[0])), float(np.mean(bounds[1]))
    if not np.isfinite([low, high]).all():
        return np.inf
    return (abs(low - ends[0]) + abs(high - ends[1])) / (ends[1] - ends[0])
