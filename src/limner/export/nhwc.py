"""A look's graph with its channels last, as TensorFlow's formats want it: what tfjs.py and tflite.py write.

ONNX keeps a picture as (1, C, H, W), TensorFlow as (1, H, W, C). Here is the one place that knows how each
of a look's operators reads in the other order; the two writers only spell the steps. It is no converter for
any network: an operator, or a use of one, that looks do not have is refused by the name of its node.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from limner.errors import LimnerError
from limner.look.quantization import dequantize_weights
from limner.look.validation import value_shape

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Activation:
    """What a convolution does to each value at its end; `alpha` is the slope of `leaky` below zero."""

    kind: Literal["relu", "leaky"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class NhwcOp:
    """One operation; values go by their names."""

    output: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Convolution(NhwcOp):
    """`inputs` are the image, the weight, as ONNX has it, and the bias where there is one."""

    transposed: bool
    stride: tuple[int, int]
    same: bool
    """Whether TensorFlow's SAME padding surrounds the image, or none."""
    activation: Activation | None = None


@dataclass(frozen=True, kw_only=True)
class MatMul(NhwcOp):
    """matrix @ plane, or plane @ matrix; `inputs` are the two in that order, both (rows, columns)."""

    plane: Literal[0, 1]
    """Which of the two is the plane; the other is a constant."""


@dataclass(frozen=True, kw_only=True)
class Reshape(NhwcOp):
    """The same values in the shape that the output has."""


@dataclass(frozen=True, kw_only=True)
class Pad(NhwcOp):
    """Values around the image: zeros, or the image mirrored together with its outermost row."""

    mode: Literal["constant", "symmetric"]
    amounts: tuple[tuple[int, int], ...]
    """Before and after, for each axis."""


@dataclass(frozen=True, kw_only=True)
class Concat(NhwcOp):
    """Images one behind the other along their channels."""


@dataclass(frozen=True, kw_only=True)
class Binary(NhwcOp):
    """Two inputs, value by value; one may be a scalar or hold one value for each channel."""

    kind: Literal["add", "sub", "mul"]


@dataclass(frozen=True, kw_only=True)
class Unary(NhwcOp):
    """A function of each value."""

    kind: Literal["relu", "leaky", "tanh", "sqrt"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Clip(NhwcOp):
    """Each value, kept from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True)
class NhwcGraph:
    """Steps in an order in which they can be run."""

    image: str
    live: dict[str, Array]
    """Scalar inputs that may be left out, with their defaults."""
    outputs: tuple[str, ...]
    ops: tuple[NhwcOp, ...]
    constants: dict[str, Array]
    """A convolution's weight as ONNX has it; everything else with channels last."""
    shapes: dict[str, Shape]
    """Of every value, whether a step still makes it or not."""


def to_nhwc(model: ModelProto, *, live: bool) -> NhwcGraph:
    """`model`, which has the shapes of its values, with channels last and its weights in float32.

    Without `live`, the values that a person may turn are constants. Raises LimnerError with the node's name
    where the graph has something that TensorFlow's formats, or this file, cannot express.
    """
    graph = dequantize_weights(model).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    image = next(value for value in graph.input if value.name not in constants)
    if 0 in value_shape(image):
        raise LimnerError(f"Its input {image.name} has no fixed size, which TensorFlow's formats need.")
    defaults = {value.name: constants.pop(value.name) for value in graph.input if live and value != image}
    values = [*graph.input, *graph.value_info, *graph.output]
    reading = _GraphReader(constants, {value.name: _nhwc_shape(value_shape(value)) for value in values})
    for node in graph.node:
        reading.read(node)
    outputs = tuple(reading.picture(value.name) for value in graph.output)
    steps = _fuse_activations(reading.ops, outputs)
    read = {name for step in steps for name in step.inputs}
    return NhwcGraph(
        image=image.name,
        live=defaults,
        outputs=outputs,
        ops=tuple(steps),
        constants={name: array for name, array in constants.items() if name in read},
        shapes=reading.shapes,
    )


@dataclass
class _GraphReader:
    """What has been read of a graph so far."""

    constants: dict[str, Array]
    shapes: dict[str, Shape]
    ops: list[NhwcOp] = field(default_factory=list)
    planes: dict[str, str] = field(default_factory=dict)
    """Values that are at hand as (H, W): the operands and results of matrix products."""
    flat: set[str] = field(default_factory=set)
    """Those of them that are at hand in no other shape."""

    def read(self, node: NodeProto) -> None:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        given = [name for name in node.input if name]
        if all(name in self.constants for name in given):
            feed = {name: self.constants[name] for name in given}
            results: Any = ReferenceEvaluator(node).run(None, feed)
            self.constants[node.output[0]] = results[0]
            return
        output = node.output[0]
        kind: Any
        match node.op_type:
            case "Conv" | "ConvTranspose":
                self._convolution(node, attributes)
            case "MatMul":
                self._product(node)
            case "Pad":
                self._pad(node, attributes)
            case "Concat":
                if attributes["axis"] not in {1, -3}:
                    raise _refusal(node, "it joins images along another axis than their channels")
                images = tuple(self._operand(node, name) for name in node.input)
                self.ops.append(Concat(output=output, inputs=images))
            case "Add" | "Sub" | "Mul":
                both = tuple(self._operand(node, name) for name in node.input)
                kind = node.op_type.lower()
                self.ops.append(Binary(output=output, inputs=both, kind=kind))
            case "Relu" | "Tanh" | "Sqrt" | "LeakyRelu":
                leaky = node.op_type == "LeakyRelu"
                kind = "leaky" if leaky else node.op_type.lower()
                alpha = float(attributes.get("alpha", 0.01)) if leaky else 0.0
                operand = self._operand(node, node.input[0])
                self.ops.append(Unary(output=output, inputs=(operand,), kind=kind, alpha=alpha))
            case "Clip":
                self._clip(node)
            case other:
                raise _refusal(node, f"{other} is not among the operators that looks have")

    def picture(self, name: str) -> str:
        """The value as an image: a product's plane is shaped back where somebody wants it so."""
        if name in self.flat:
            self.flat.remove(name)
            self.ops.append(Reshape(output=name, inputs=(self.planes[name],)))
        return name

    def _operand(self, node: NodeProto, name: str) -> str:
        """An operand of an operator that works on each value; a constant is brought to channels last."""
        array = self.constants.get(name)
        if array is None or array.ndim == 0:
            return self.picture(name)
        shape = (1,) * (4 - array.ndim) + array.shape
        if len(shape) != 4 or shape[0] != 1:
            raise _refusal(node, f"its constant {name} has shape {array.shape}")
        key = f"{name}/channels_last"
        last = array.reshape(shape).transpose(0, 2, 3, 1)
        self.constants[key] = last.reshape(()) if array.size == 1 else np.ascontiguousarray(last)
        return key

    def _convolution(self, node: NodeProto, attributes: dict[str, Any]) -> None:
        image, weight, *bias = node.input
        if weight not in self.constants or any(name not in self.constants for name in bias if name):
            raise _refusal(node, "its weights are not constants")
        kernel = self.constants[weight].shape[2:]
        plain = attributes.get("group", 1) == 1 and set(attributes.get("dilations", [1])) == {1}
        if len(kernel) != 2 or not plain or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
            raise _refusal(node, "only plain 2-D convolutions with explicit pads can be written")
        transposed = node.op_type == "ConvTranspose"
        stride = tuple(attributes.get("strides", [1, 1]))
        pads = attributes.get("pads", [0, 0, 0, 0])
        around = tuple(zip(pads[:2], pads[2:], strict=True))
        image = self.picture(image)
        # A transposed convolution is padded as the convolution that it turns around: by its output.
        sides = self.shapes[node.output[0] if transposed else image][1:3]
        same = around == tuple(map(_is_same_padding, sides, kernel, stride))
        if not same and any(pads):
            if transposed:
                raise _refusal(
                    node, f"its pads {pads} are not those of TensorFlow's transposed convolution"
                )
            image = self._padded(f"{node.output[0]}/pad", image, "constant", ((0, 0), *around, (0, 0)))
        self.ops.append(
            Convolution(
                output=node.output[0],
                inputs=(image, weight, *[name for name in bias if name]),
                transposed=transposed,
                stride=stride,
                same=same,
            )
        )

    def _product(self, node: NodeProto) -> None:
        left, right = node.input
        plane: Literal[0, 1] = 1 if left in self.constants else 0
        matrix = self.constants.get(left if plane else right)
        if matrix is None or matrix.ndim != 2:
            raise _refusal(node, "only products with a constant matrix can be written")
        inputs = (left, self._plane(node, right)) if plane else (self._plane(node, left), right)
        name = f"{node.output[0]}/plane"
        self.planes[node.output[0]] = name
        self.flat.add(node.output[0])
        self.shapes[name] = self.shapes[node.output[0]][1:3]
        self.ops.append(MatMul(output=name, inputs=inputs, plane=plane))

    def _plane(self, node: NodeProto, name: str) -> str:
        if name not in self.planes:
            if len(self.shapes[name]) != 4 or self.shapes[name][3] != 1:
                raise _refusal(node, "only images of one channel can be multiplied with a matrix")
            self.planes[name] = f"{name}/plane"
            self.shapes[f"{name}/plane"] = self.shapes[name][1:3]
            self.ops.append(Reshape(output=f"{name}/plane", inputs=(name,)))
        return self.planes[name]

    def _pad(self, node: NodeProto, attributes: dict[str, Any]) -> None:
        pads = self.constants[node.input[1]].tolist() if node.input[1] in self.constants else []
        if attributes.get("mode") != b"edge" or len(node.input) != 2 or len(pads) != 8 or min(pads) < 0:
            raise _refusal(node, "only edges that are repeated by constant amounts can be written")
        image = self.picture(node.input[0])
        around = _to_nhwc_values([(pads[axis], pads[axis + 4]) for axis in range(4)])
        # TensorFlow repeats no edges; mirrored with its outermost row, one row at a time, is the same.
        while max(map(max, around)) > 1:
            once = tuple((min(before, 1), min(after, 1)) for before, after in around)
            image = self._padded(f"{node.output[0]}/{len(self.ops)}", image, "symmetric", once)
            around = tuple((b - c, a - d) for (b, a), (c, d) in zip(around, once, strict=True))
        self._padded(node.output[0], image, "symmetric", around)

    def _padded(self, output: str, image: str, mode: Any, amounts: tuple[tuple[int, int], ...]) -> str:
        sides = zip(self.shapes[image], amounts, strict=True)
        self.shapes[output] = tuple(side + before + after for side, (before, after) in sides)
        self.ops.append(Pad(output=output, inputs=(image,), mode=mode, amounts=amounts))
        return output

    def _clip(self, node: NodeProto) -> None:
        image, *limits = node.input
        if len(limits) != 2 or any(name not in self.constants for name in limits):
            raise _refusal(node, "its limits are not two constants")
        low, high = (self.constants[name].item() for name in limits)
        self.ops.append(Clip(output=node.output[0], inputs=(self.picture(image),), low=low, high=high))


def _fuse_activations(steps: Sequence[NhwcOp], outputs: Sequence[str]) -> list[NhwcOp]:
    """Convolutions take in the activation behind them where nothing else reads what is between."""
    readers: dict[str, list[NhwcOp]] = {}
    for step in steps:
        for name in step.inputs:
            readers.setdefault(name, []).append(step)
    fused: list[NhwcOp] = []
    taken = set()
    for step in steps:
        if step.output in taken:
            continue
        match step, readers.get(step.output, []):
            case Convolution(), [Unary(kind="relu" | "leaky" as kind) as after] if (
                step.output not in outputs
            ):
                taken.add(after.output)
                activation = Activation(kind, after.alpha)
                fused.append(replace(step, output=after.output, activation=activation))
            case _:
                fused.append(step)
    return fused


def _is_same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """What TensorFlow's SAME puts before and after an axis of an image."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _to_nhwc_values(values: Sequence[Any]) -> tuple[Any, ...]:
    """Something for each axis, brought from ONNX's order into TensorFlow's."""
    return (values[0], *values[2:], values[1])


def _nhwc_shape(shape: Sequence[int]) -> Shape:
    return _to_nhwc_values(shape) if len(shape) == 4 else tuple(shape)


def _refusal(node: NodeProto, why: str) -> LimnerError:
    return LimnerError(
        f"{node.name or node.output[0]} ({node.op_type}) cannot be written for TensorFlow: {why}."
    )
