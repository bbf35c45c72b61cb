"""TensorFlow's nodes of a graph in NHWC, as JSON, and the constants that they read.

The same operators are fused as by TensorFlow's own converter.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from limner.export.nhwc.graph import NhwcGraph
from limner.export.nhwc.operations import (
    Array,
    Binary,
    Clip,
    Concat,
    Convolution,
    Dense,
    Doubling,
    MatMul,
    Mean,
    NhwcOp,
    Pad,
    Pool,
    Reshape,
    ResponseNormalization,
    Softmax,
    StridedSlice,
    Unary,
)
from limner.export.nhwc.writer import ElementwiseOp, MovementOp, OpWriter, WindowOp
from limner.export.tfjs_weights import quantize_weight
from limner.look.storage import Storage

OPERATIONS = {
    "add": "AddV2",
    "sub": "Sub",
    "mul": "Mul",
    "div": "RealDiv",
    "relu": "Relu",
    "relu6": "Relu6",
    "leaky": "LeakyRelu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "sqrt": "Sqrt",
}
"""TensorFlow's operator names."""

Json = dict[str, Any]

NO_MASKS: Json = {
    f"{part}_mask": {"i": "0"} for part in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
}
"""Attributes of a slice whose limits all count."""


class NodeWriter(OpWriter):
    """Converts a graph's operations to TensorFlow's nodes, and collects their weights."""

    manifest: list[Json]
    """The entry of each constant in model.json."""
    contents: list[bytes]
    """The bytes of each."""

    def __init__(self, graph: NhwcGraph, storage: Storage, quantizable: set[str]) -> None:
        self.graph = graph
        self.storage = storage
        self.quantizable = quantizable
        """The weights that are stored in `storage`; all other constants stay unchanged."""
        self.manifest = []
        self.contents = []
        self._nodes: list[Json] = []
        self._written: set[str] = set()

    def nodes(self) -> list[Json]:
        """All nodes; each constant comes before its first reader."""
        self._node(
            "Placeholder",
            self.graph.image,
            [],
            shape={"shape": tensor_shape(self.graph.shapes[self.graph.image])},
        )
        for name, value in self.graph.live.items():
            default = self._constant(f"{name}/default", value)
            self._node("PlaceholderWithDefault", name, [default], shape={"shape": tensor_shape(())})
        for op in self.graph.ops:
            self.add_op(op)
        return self._nodes

    def _dense(self, op: Dense) -> None:
        row, weight, *bias = self._inputs(op)
        flags = _flags("transpose_a", "transpose_b")
        self._fusable(op, ("MatMul", "_FusedMatMul"), [row, weight], bias, flags)

    def _matmul(self, op: MatMul) -> None:
        self._node("MatMul", op.output, self._inputs(op), **_flags("transpose_a", "transpose_b"))

    def _window(self, op: WindowOp) -> None:
        inputs = self._inputs(op)
        match op:
            case Pool():
                kind = {"max": "MaxPool", "average": "AvgPool"}[op.kind]
                attributes = _window_attributes(op.stride, same=op.same_padding)
                self._node(kind, op.output, inputs, ksize=_sides(op.kernel), **attributes)
            case Mean():
                axes = self._integers(f"{op.output}/axes", (1, 2))
                self._node("Mean", op.output, [*inputs, axes], keep_dims={"b": op.keeps_axes})
            case ResponseNormalization():
                factors = {"bias": op.bias, "alpha": op.alpha, "beta": op.beta}
                numbers = {name: {"f": value} for name, value in factors.items()}
                self._node("LRN", op.output, inputs, depth_radius={"i": str(op.radius)}, **numbers)
            case Softmax():
                self._node("Softmax", op.output, inputs)

    def _movement(self, op: MovementOp) -> None:
        inputs = self._inputs(op)
        match op:
            case Reshape():
                shape = self._integers(f"{op.output}/shape", self.graph.shapes[op.output])
                self._node("Reshape", op.output, [*inputs, shape])
            case Pad():
                self._pad(op)
            case StridedSlice():
                limits = {"begin": op.begin, "end": op.end, "strides": op.stride}
                names = [self._integers(f"{op.output}/{key}", values) for key, values in limits.items()]
                self._node("StridedSlice", op.output, [*inputs, *names], **NO_MASKS)
            case Doubling():
                size = self._integers(f"{op.output}/size", self.graph.shapes[op.output][1:3])
                flags = _flags("align_corners", "half_pixel_centers")
                self._node("ResizeNearestNeighbor", op.output, [*inputs, size], **flags)
            case Concat():
                axis = self._integers(f"{op.output}/axis", 3)
                self._node("ConcatV2", op.output, [*inputs, axis], N={"i": str(len(inputs))})

    def _elementwise(self, op: ElementwiseOp) -> None:
        match op:
            case Clip(is_relu6=True):
                self._node("Relu6", op.output, self._inputs(op))
            case Clip():
                limits = {"low": op.low, "high": op.high}
                names = [self._scalar(f"{op.output}/{key}", limit) for key, limit in limits.items()]
                self._node("ClipByValue", op.output, [*self._inputs(op), *names])
            case Unary(kind="gelu"):
                self._gelu(op)
            case Binary() | Unary():
                slope = _slope(op.alpha) if isinstance(op, Unary) else {}
                self._node(OPERATIONS[op.kind], op.output, self._inputs(op), **slope)

    def _pad(self, op: Pad) -> None:
        inputs = [*self._inputs(op), self._integers(f"{op.output}/pads", op.amounts)]
        if op.mode == "symmetric":
            self._node("MirrorPad", op.output, inputs, mode=_text("SYMMETRIC"))
        elif op.value == 0:
            self._node("Pad", op.output, inputs)
        else:
            value = self._scalar(f"{op.output}/value", op.value)
            self._node("PadV2", op.output, [*inputs, value])

    def _gelu(self, op: Unary) -> None:
        """Write x * (erf(x / sqrt(2)) + 1) / 2, as Keras has it: TensorFlow has no such operator."""
        (value,) = self._inputs(op)
        scaled, erf, raised, half = (f"{op.output}/{part}" for part in ("scaled", "erf", "raised", "half"))
        self._node("Mul", scaled, [value, self._scalar(f"{op.output}/root", 0.5**0.5)])
        self._node("Erf", erf, [scaled])
        self._node("AddV2", raised, [erf, self._scalar(f"{op.output}/one", 1.0)])
        self._node("Mul", half, [value, self._scalar(f"{op.output}/factor", 0.5)])
        self._node("Mul", op.output, [half, raised])

    def _convolution(self, op: Convolution) -> None:
        image, weight, *bias = op.inputs
        filters = None
        if op.kind == "depthwise":
            filters = len(self.graph.constants[weight]) // self.graph.shapes[image][3]
        inputs = [image, self._weight(weight, filters)]
        biases = [self._constant(name, self.graph.constants[name]) for name in bias]
        kinds = {
            "plain": ("Conv2D", "_FusedConv2D"),
            "depthwise": ("DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"),
        }
        self._fusable(op, kinds[op.kind], inputs, biases, _convolution_attributes(op))

    def _fusable(
        self,
        op: Convolution | Dense,
        kinds: tuple[str, str],
        inputs: list[str],
        bias: list[str],
        attributes: Json,
    ) -> None:
        """Write the first of `kinds`, or the second if there is a bias or an activation."""
        plain, fused = kinds
        if op.activation is None and not bias:
            self._node(plain, op.output, inputs, **attributes)
            return
        if not bias:
            # TensorFlow fuses an activation only after a bias. A zero bias costs less than a separate pass.
            zeros = np.zeros(self.graph.shapes[op.output][-1], dtype=np.float32)
            bias = [self._constant(f"{op.output}/bias", zeros)]
        parts = ["BiasAdd"]
        if op.activation:
            parts.append(OPERATIONS[op.activation.kind])
            attributes["leakyrelu_alpha"] = {"f": op.activation.alpha}
        attributes |= {
            "fused_ops": {"list": {"s": [_text(name)["s"] for name in parts]}},
            "num_args": {"i": "1"},
        }
        self._node(fused, op.output, [*inputs, *bias], **attributes)

    def _transposed_convolution(self, op: Convolution) -> None:
        """Write Conv2DBackpropInput; TensorFlow cannot fuse anything into it."""
        image, weight, *bias = op.inputs
        output = f"{op.output}/image" if bias or op.activation else op.output
        shape = self._integers(f"{op.output}/shape", self.graph.shapes[op.output])
        inputs = [shape, self._weight(weight), image]
        self._node("Conv2DBackpropInput", output, inputs, **_convolution_attributes(op))
        if bias:
            inputs = [output, self._constant(bias[0], self.graph.constants[bias[0]])]
            output = f"{op.output}/biased" if op.activation else op.output
            self._node("AddV2", output, inputs)
        if op.activation:
            slope = _slope(op.activation.alpha)
            self._node(OPERATIONS[op.activation.kind], op.output, [output], **slope)

    def _inputs(self, op: NhwcOp) -> list[str]:
        constants = self.graph.constants
        return [self._constant(name, constants[name]) if name in constants else name for name in op.inputs]

    def _weight(self, name: str, filters: int | None = None) -> str:
        """Write a weight: OIHW to HWIO, for a transposed convolution IOHW to HWOI.

        With `filters` of each channel: (channels * filters, 1, h, w) to (h, w, channels, filters).
        """
        weight = self.graph.constants[name]
        storage = self.storage if name in self.quantizable else "float32"
        stored = quantize_weight(name, weight, storage)
        values = np.ascontiguousarray(stored.values.transpose(2, 3, 1, 0))
        if filters:
            values = values.reshape(*values.shape[:2], -1, filters)
        return self._constant(
            name, values, {} if storage == "float32" else {"quantization": stored.quantization()}
        )

    def _scalar(self, name: str, value: float) -> str:
        return self._constant(name, np.array(value, dtype=np.float32))

    def _integers(self, name: str, values: int | Sequence[Any]) -> str:
        return self._constant(name, np.array(values, dtype=np.int32))

    def _constant(self, name: str, values: Array, quantization: Json | None = None) -> str:
        """Write a constant's node and bytes, once per name."""
        if name not in self._written:
            self._written.add(name)
            kind = "int32" if values.dtype == np.int32 else "float32"
            dtype = "DT_INT32" if kind == "int32" else "DT_FLOAT"
            tensor = {"dtype": dtype, "tensorShape": tensor_shape(values.shape)}
            attributes = {"dtype": {"type": dtype}, "value": {"tensor": tensor}}
            self._nodes.append({"name": name, "op": "Const", "attr": attributes})
            entry = {"name": name, "shape": list(values.shape), "dtype": kind}
            self.manifest.append({**entry, **(quantization or {})})
            self.contents.append(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return name

    def _node(self, kind: str, name: str, inputs: Sequence[str], **attributes: Json) -> None:
        typed = {"dtype" if kind == "Placeholder" else "T": {"type": "DT_FLOAT"}, **attributes}
        self._nodes.append({"name": name, "op": kind, "input": list(inputs), "attr": typed})


def _convolution_attributes(op: Convolution) -> Json:
    window = _window_attributes(op.stride, same=op.same_padding)
    return {"dilations": _sides((1, 1)), **window}


def _window_attributes(stride: tuple[int, int], *, same: bool) -> Json:
    padding = _text("SAME" if same else "VALID")
    return {"strides": _sides(stride), "padding": padding, "data_format": _text("NHWC")}


def _sides(sides: tuple[int, int]) -> Json:
    """Two figures of a window for all four axes."""
    return {"list": {"i": ["1", *map(str, sides), "1"]}}


def _slope(alpha: float) -> Json:
    return {"alpha": {"f": alpha}} if alpha else {}


def _flags(*names: str) -> Json:
    return {name: {"b": False} for name in names}


def _text(text: str) -> Json:
    return {"s": base64.b64encode(text.encode()).decode()}


def tensor_shape(shape: Sequence[int]) -> Json:
    return {"dim": [{"size": str(side)} for side in shape]}
