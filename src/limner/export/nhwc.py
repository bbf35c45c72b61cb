"""Convert a look's graph to channels-last (NHWC), the layout of TensorFlow's formats.

ONNX stores a picture as (1, C, H, W), TensorFlow as (1, H, W, C). Only this module knows how to convert
each of a look's operators; tfjs.py and tflite.py only serialise the resulting operations. It is not a
converter for arbitrary networks: operators and attributes that looks do not have are refused, with the
node's name.
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
from limner.look.doubling import is_doubling
from limner.look.quantization import dequantize_weights
from limner.look.validation import value_shape

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Activation:
    """The activation of a convolution; `alpha` is the negative slope of `leaky`."""

    kind: Literal["relu", "leaky"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class NhwcOp:
    """One operation; it refers to values by name."""

    output: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Convolution(NhwcOp):
    """`inputs` are the image, the weight in ONNX's layout, and optionally the bias."""

    transposed: bool
    stride: tuple[int, int]
    same_padding: bool
    """Whether the padding is TensorFlow's SAME; otherwise it is VALID."""
    activation: Activation | None = None


@dataclass(frozen=True, kw_only=True)
class MatMul(NhwcOp):
    """matrix @ plane or plane @ matrix; `inputs` are the operands in that order, both (rows, columns)."""

    plane: Literal[0, 1]
    """Index of the plane in `inputs`; the other operand is a constant matrix."""


@dataclass(frozen=True, kw_only=True)
class Reshape(NhwcOp):
    """The same values, in the shape of the output."""


@dataclass(frozen=True, kw_only=True)
class Pad(NhwcOp):
    """Padding: zeros (`constant`), or the image mirrored including its border (`symmetric`)."""

    mode: Literal["constant", "symmetric"]
    amounts: tuple[tuple[int, int], ...]
    """Amounts before and after, for each axis."""


@dataclass(frozen=True, kw_only=True)
class Doubling(NhwcOp):
    """Each pixel repeated, two by two."""


@dataclass(frozen=True, kw_only=True)
class Concat(NhwcOp):
    """Concatenation of images along the channel axis."""


@dataclass(frozen=True, kw_only=True)
class Binary(NhwcOp):
    """An elementwise operation on two inputs; one may be a scalar or have one value per channel."""

    kind: Literal["add", "sub", "mul", "div"]


@dataclass(frozen=True, kw_only=True)
class Unary(NhwcOp):
    """An elementwise function."""

    kind: Literal["relu", "leaky", "tanh", "sqrt"]
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Clip(NhwcOp):
    """Values clipped to `low`..`high`."""

    low: float
    high: float


@dataclass(frozen=True)
class NhwcGraph:
    """A graph in NHWC; `ops` are in topological order."""

    image: str
    live: dict[str, Array]
    """Optional scalar inputs, with their defaults."""
    outputs: tuple[str, ...]
    ops: tuple[NhwcOp, ...]
    constants: dict[str, Array]
    """Constants: convolution weights in ONNX's layout, all others in NHWC."""
    shapes: dict[str, Shape]
    """Shapes of all values, including values that fusing removed."""


def to_nhwc(model: ModelProto, *, live: bool) -> NhwcGraph:
    """Convert `model`, which must have value shapes, to NHWC with weights in float32.

    Without `live`, the live inputs become constants. Raises LimnerError, with the node's name, if the graph
    has something that TensorFlow's formats or this module cannot express.
    """
    graph = dequantize_weights(model).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    image = next(value for value in graph.input if value.name not in constants)
    if 0 in value_shape(image):
        raise LimnerError(f"Its input {image.name} has no fixed size, which TensorFlow's formats need.")
    defaults = {value.name: constants.pop(value.name) for value in graph.input if live and value != image}
    values = [*graph.input, *graph.value_info, *graph.output]
    reader = _GraphReader(constants, {value.name: _nhwc_shape(value_shape(value)) for value in values})
    for node in graph.node:
        reader.read(node)
    outputs = tuple(reader.image(value.name) for value in graph.output)
    ops = _fuse_activations(reader.ops, outputs)
    used = {name for op in ops for name in op.inputs}
    return NhwcGraph(
        image=image.name,
        live=defaults,
        outputs=outputs,
        ops=tuple(ops),
        constants={name: array for name, array in constants.items() if name in used},
        shapes=reader.shapes,
    )


@dataclass
class _GraphReader:
    """Converts nodes one by one; holds the graph converted so far."""

    constants: dict[str, Array]
    shapes: dict[str, Shape]
    ops: list[NhwcOp] = field(default_factory=list)
    planes: dict[str, str] = field(default_factory=dict)
    """Names of the 2-D (H, W * C) form of values: the operands and results of matrix products."""
    only_planes: set[str] = field(default_factory=set)
    """Values that exist only in their 2-D form so far."""

    def read(self, node: NodeProto) -> None:
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        inputs = [name for name in node.input if name]
        if all(name in self.constants for name in inputs):
            feed = {name: self.constants[name] for name in inputs}
            results: Any = ReferenceEvaluator(node).run(None, feed)
            self.constants[node.output[0]] = results[0]
            return
        output = node.output[0]
        kind: Any
        match node.op_type:
            case "Conv" | "ConvTranspose":
                self._convolution(node, attributes)
            case "MatMul":
                self._matmul(node)
            case "Pad":
                self._pad(node, attributes)
            case "Resize":
                self._double(node)
            case "Concat":
                if attributes["axis"] not in {1, -3}:
                    raise _refusal(node, "it concatenates along an axis other than the channels")
                images = tuple(self._operand(node, name) for name in node.input)
                self.ops.append(Concat(output=output, inputs=images))
            case "Add" | "Sub" | "Mul" | "Div":
                operands = tuple(self._operand(node, name) for name in node.input)
                kind = node.op_type.lower()
                self.ops.append(Binary(output=output, inputs=operands, kind=kind))
            case "Relu" | "Tanh" | "Sqrt" | "LeakyRelu":
                leaky = node.op_type == "LeakyRelu"
                kind = "leaky" if leaky else node.op_type.lower()
                alpha = float(attributes.get("alpha", 0.01)) if leaky else 0.0
                operand = self._operand(node, node.input[0])
                self.ops.append(Unary(output=output, inputs=(operand,), kind=kind, alpha=alpha))
            case "Clip":
                self._clip(node)
            case op_type:
                raise _refusal(node, f"{op_type} is not an operator that looks have")

    def image(self, name: str) -> str:
        """The value in its 4-D form; adds a reshape if only its 2-D form exists."""
        if name in self.only_planes:
            self.only_planes.remove(name)
            self.ops.append(Reshape(output=name, inputs=(self.planes[name],)))
        return name

    def _operand(self, node: NodeProto, name: str) -> str:
        """An operand of an elementwise operator; a constant is converted to NHWC."""
        array = self.constants.get(name)
        if array is None or array.ndim == 0:
            return self.image(name)
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
        is_plain = attributes.get("group", 1) == 1 and set(attributes.get("dilations", [1])) == {1}
        if len(kernel) != 2 or not is_plain or attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
            raise _refusal(node, "only plain 2-D convolutions with explicit padding can be written")
        transposed = node.op_type == "ConvTranspose"
        stride = tuple(attributes.get("strides", [1, 1]))
        pads = attributes.get("pads", [0, 0, 0, 0])
        spatial_pads = tuple(zip(pads[:2], pads[2:], strict=True))
        image = self.image(image)
        # A transposed convolution has the padding of the convolution that it inverts: that of its output.
        sides = self.shapes[node.output[0] if transposed else image][1:3]
        is_same = spatial_pads == tuple(map(_same_padding, sides, kernel, stride))
        if not is_same and any(pads):
            if transposed:
                raise _refusal(node, f"TensorFlow's transposed convolution does not have its pads {pads}")
            image = self._add_pad(
                f"{node.output[0]}/pad", image, "constant", ((0, 0), *spatial_pads, (0, 0))
            )
        self.ops.append(
            Convolution(
                output=node.output[0],
                inputs=(image, weight, *[name for name in bias if name]),
                transposed=transposed,
                stride=stride,
                same_padding=is_same,
            )
        )

    def _matmul(self, node: NodeProto) -> None:
        left, right = node.input
        plane: Literal[0, 1] = 1 if left in self.constants else 0
        matrix = self.constants.get(left if plane else right)
        if matrix is None or matrix.ndim != 2:
            raise _refusal(node, "only products with a constant matrix can be written")
        inputs = (
            (left, self._plane(node, right))
            if plane
            else (self._plane(node, left), self._per_channel(right, self.shapes[left][3]))
        )
        name = f"{node.output[0]}/plane"
        self.planes[node.output[0]] = name
        self.only_planes.add(node.output[0])
        self.shapes[name] = _plane_shape(self.shapes[node.output[0]])
        self.ops.append(MatMul(output=name, inputs=inputs, plane=plane))

    def _plane(self, node: NodeProto, name: str) -> str:
        if name not in self.planes:
            if len(self.shapes[name]) != 4:
                raise _refusal(node, "only images can be multiplied by a matrix")
            self.planes[name] = f"{name}/plane"
            self.shapes[f"{name}/plane"] = _plane_shape(self.shapes[name])
            self.ops.append(Reshape(output=f"{name}/plane", inputs=(name,)))
        return self.planes[name]

    def _per_channel(self, matrix: str, channels: int) -> str:
        """The constant that multiplies the columns of a plane as `matrix` does those of each channel."""
        if channels == 1:
            return matrix
        name = f"{matrix}/{channels}"
        self.constants[name] = np.kron(self.constants[matrix], np.eye(channels, dtype=np.float32))
        return name

    def _pad(self, node: NodeProto, attributes: dict[str, Any]) -> None:
        pads = self.constants[node.input[1]].tolist() if node.input[1] in self.constants else []
        if attributes.get("mode") != b"edge" or len(node.input) != 2 or len(pads) != 8 or min(pads) < 0:
            raise _refusal(node, "only edge padding with constant amounts can be written")
        image = self.image(node.input[0])
        remaining = _to_nhwc_values([(pads[axis], pads[axis + 4]) for axis in range(4)])
        # TensorFlow has no edge padding. Symmetric padding by one row at a time gives the same result.
        while max(map(max, remaining)) > 1:
            step_amounts = tuple((min(before, 1), min(after, 1)) for before, after in remaining)
            image = self._add_pad(f"{node.output[0]}/{len(self.ops)}", image, "symmetric", step_amounts)
            remaining = tuple(
                (b - c, a - d) for (b, a), (c, d) in zip(remaining, step_amounts, strict=True)
            )
        self._add_pad(node.output[0], image, "symmetric", remaining)

    def _double(self, node: NodeProto) -> None:
        if not is_doubling(node, self.constants):
            raise _refusal(node, "only a doubling that repeats pixels can be written")
        self.ops.append(Doubling(output=node.output[0], inputs=(self.image(node.input[0]),)))

    def _add_pad(self, output: str, image: str, mode: Any, amounts: tuple[tuple[int, int], ...]) -> str:
        sides = zip(self.shapes[image], amounts, strict=True)
        self.shapes[output] = tuple(side + before + after for side, (before, after) in sides)
        self.ops.append(Pad(output=output, inputs=(image,), mode=mode, amounts=amounts))
        return output

    def _clip(self, node: NodeProto) -> None:
        image, *limits = node.input
        if len(limits) != 2 or any(name not in self.constants for name in limits):
            raise _refusal(node, "its limits are not two constants")
        low, high = (self.constants[name].item() for name in limits)
        self.ops.append(Clip(output=node.output[0], inputs=(self.image(image),), low=low, high=high))


def _fuse_activations(ops: Sequence[NhwcOp], outputs: Sequence[str]) -> list[NhwcOp]:
    """Fuse an activation into the preceding convolution if nothing else reads the value between them."""
    readers: dict[str, list[NhwcOp]] = {}
    for op in ops:
        for name in op.inputs:
            readers.setdefault(name, []).append(op)
    fused: list[NhwcOp] = []
    fused_names = set()
    for op in ops:
        if op.output in fused_names:
            continue
        match op, readers.get(op.output, []):
            case Convolution(), [Unary(kind="relu" | "leaky" as kind) as after] if op.output not in outputs:
                fused_names.add(after.output)
                activation = Activation(kind, after.alpha)
                fused.append(replace(op, output=after.output, activation=activation))
            case _:
                fused.append(op)
    return fused


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after an axis of an image."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _to_nhwc_values(values: Sequence[Any]) -> tuple[Any, ...]:
    """Reorder per-axis values from NCHW to NHWC."""
    return (values[0], *values[2:], values[1])


def _nhwc_shape(shape: Sequence[int]) -> Shape:
    return _to_nhwc_values(shape) if len(shape) == 4 else tuple(shape)


def _plane_shape(image: Shape) -> Shape:
    _, height, width, channels = image
    return height, width * channels


def _refusal(node: NodeProto, why: str) -> LimnerError:
    return LimnerError(
        f"{node.name or node.output[0]} ({node.op_type}) cannot be written for TensorFlow: {why}."
    )
