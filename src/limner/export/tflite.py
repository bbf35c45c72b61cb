"""Write a look for LiteRT (formerly TensorFlow Lite), for the bench of LiteRT.js and the engine.

It is for benchmarks only, not for publishing: weights are float32, and the live inputs are constants. It
needs the schema from the package `ai-edge-litert` (`limner[bench]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from limner import __version__
from limner.errors import LimnerError
from limner.export.nhwc.graph import to_nhwc
from limner.export.nhwc.operations import (
    Activation,
    Array,
    Binary,
    Clip,
    Concat,
    Convolution,
    Doubling,
    MatMul,
    NhwcOp,
    Pad,
    Reshape,
    Shape,
    Unary,
)
from limner.files import atomic_write
from limner.look.look import Look

OPERATIONS = {
    "add": "ADD",
    "sub": "SUB",
    "mul": "MUL",
    "div": "DIV",
    "relu": "RELU",
    "tanh": "TANH",
    "sqrt": "SQRT",
}
"""LiteRT's operator names."""

OPTIONS = {
    "ADD": "Add",
    "CONCATENATION": "Concatenation",
    "CONV_2D": "Conv2D",
    "DIV": "Div",
    "LEAKY_RELU": "LeakyRelu",
    "MIRROR_PAD": "MirrorPad",
    "MUL": "Mul",
    "PAD": "Pad",
    "RESHAPE": "Reshape",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighbor",
    "SUB": "Sub",
    "TRANSPOSE": "Transpose",
    "TRANSPOSE_CONV": "TransposeConv",
}
"""Prefixes of LiteRT's option classes, for the operators that have options."""

WITH_BIAS = 3
"""The version of TRANSPOSE_CONV that has a bias; all other operators use version 1.

Version 4 can also fuse a relu, but LiteRT.js' WebGPU delegate supports versions up to 3."""

ALIGNMENT = 16
"""Alignment of buffer contents that the schema requires, in bytes."""


def write_tflite(look: Look, path: Path) -> None:
    """Write `look` to `path`. The model maps a picture to a painting: both (1, P, P, 3), RGB in 0..1.

    Raises LimnerError if the look cannot be expressed, the package is missing, or writing fails.
    """
    schema = _schema()
    try:
        graph = to_nhwc(look.model, live=False)
    except LimnerError as error:
        raise LimnerError(f"{look.path.name}: {error}") from error
    # Planes are (H, W) in the graph. Here they are images with one row, which every delegate accepts.
    shapes = {name: (1, 1, *shape) if len(shape) == 2 else shape for name, shape in graph.shapes.items()}
    writer = _Writer(schema, shapes, graph.constants)
    for op in graph.ops:
        writer.add_op(op)
    atomic_write(path, writer.file(graph.image, graph.outputs[0], look.name))


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise LimnerError(
            "Writing a .tflite file needs the package ai-edge-litert: pip install 'limner[bench]'."
        ) from error
    return schema_py_generated


class _Buffer:
    """A constant's bytes, with the alignment that flatbuffers for Python does not take from the schema."""

    def __init__(self, schema: Any, content: bytes) -> None:
        self.schema = schema
        self.content = content

    def Pack(self, builder: Any) -> int:
        """Write the buffer, like `Pack` of the schema's classes."""
        builder.Prep(ALIGNMENT, len(self.content))
        offset: int = self.schema.BufferT(data=np.frombuffer(self.content, np.uint8)).Pack(builder)
        return offset


class _Writer:
    """Converts a graph's operations to LiteRT's tensors, buffers and operators."""

    def __init__(self, schema: Any, shapes: dict[str, Shape], constants: dict[str, Array]) -> None:
        self.schema = schema
        self.shapes = shapes
        self.constants = constants
        self.tensors: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]  # the schema requires the first to be empty
        self.operators: list[Any] = []
        self.codes: dict[str, int] = {}
        self._tensors: dict[str, int] = {}

    def file(self, image: str, painting: str, description: str) -> bytes:
        """The bytes of the whole file."""
        import flatbuffers

        schema = self.schema
        entry = schema.SignatureDefT(signatureKey="serving_default", subgraphIndex=0)
        entry.inputs = [schema.TensorMapT(name=image, tensorIndex=self._tensors[image])]
        entry.outputs = [schema.TensorMapT(name=painting, tensorIndex=self._tensors[painting])]
        subgraph = schema.SubGraphT(
            tensors=self.tensors,
            inputs=[self._tensors[image]],
            outputs=[self._tensors[painting]],
            operators=self.operators,
            name="look",
        )
        model = schema.ModelT(
            version=3,
            operatorCodes=[self._code(name) for name in self.codes],
            subgraphs=[subgraph],
            description=f"{description} (limner {__version__})".strip(),
            buffers=self.buffers,
            signatureDefs=[entry],
        )
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def add_op(self, op: NhwcOp) -> None:
        """Add the operators of one operation."""
        match op:
            case Convolution(kind="plain"):
                self._convolution(op)
            case Convolution(kind="transposed"):
                self._transposed_convolution(op)
            case MatMul():
                self._matmul(op)
            case Reshape() | Doubling():
                self._reshape(op)
            case Pad():
                inputs = [self._tensor(op.inputs[0]), self._integers(f"{op.output}/pads", op.amounts)]
                if op.mode == "constant":
                    self._operator("PAD", inputs, op.output)
                else:
                    mode = self.schema.MirrorPadMode.SYMMETRIC
                    self._operator("MIRROR_PAD", inputs, op.output, mode=mode)
            case Concat():
                self._operator("CONCATENATION", list(map(self._tensor, op.inputs)), op.output, axis=3)
            case Clip():
                self._clip(op)
            case Unary(kind="leaky"):
                self._operator("LEAKY_RELU", [self._tensor(op.inputs[0])], op.output, alpha=op.alpha)
            case Binary() | Unary():
                self._operator(OPERATIONS[op.kind], list(map(self._tensor, op.inputs)), op.output)
            case _:
                raise TypeError(op)

    def _reshape(self, op: Reshape | Doubling) -> None:
        shape = self.shapes[op.output]
        image = self._tensor(op.inputs[0])
        if isinstance(op, Reshape):
            target = self._integers(f"{op.output}/shape", shape)
            self._operator("RESHAPE", [image, target], op.output, newShape=list(shape))
            return
        size = self._integers(f"{op.output}/size", shape[1:3])
        options = {"alignCorners": False, "halfPixelCenters": False}
        self._operator("RESIZE_NEAREST_NEIGHBOR", [image, size], op.output, **options)

    def _convolution(self, op: Convolution) -> None:
        image, weight, *bias = op.inputs
        convolved, options = self._convolution_output(op, can_fuse=True)
        kernel = self._constant(f"{weight}/ohwi", self.constants[weight].transpose(0, 2, 3, 1))
        inputs = [self._tensor(image), kernel, self._bias(convolved, bias)]
        self._operator("CONV_2D", inputs, convolved, dilationHFactor=1, dilationWFactor=1, **options)
        self._add_activation(op.activation, convolved, op.output)

    def _transposed_convolution(self, op: Convolution) -> None:
        image, weight, *bias = op.inputs
        convolved, options = self._convolution_output(op, can_fuse=False)
        shape = self._integers(f"{op.output}/shape", self.shapes[op.output])
        kernel = self._constant(f"{weight}/ohwi", self.constants[weight].transpose(1, 2, 3, 0))
        inputs = [shape, kernel, self._tensor(image), self._bias(convolved, bias)]
        self._operator("TRANSPOSE_CONV", inputs, convolved, **options)
        self._add_activation(op.activation, convolved, op.output)

    def _convolution_output(self, op: Convolution, *, can_fuse: bool) -> tuple[str, dict[str, int]]:
        """The name of a convolution's own output, and its options; an unfused activation follows it."""
        is_separate = op.activation is not None and not (can_fuse and op.activation.kind == "relu")
        convolved = f"{op.output}/convolved" if is_separate else op.output
        self.shapes[convolved] = self.shapes[op.output]
        kinds = self.schema.ActivationFunctionType
        options = {
            "padding": self.schema.Padding.SAME if op.same_padding else self.schema.Padding.VALID,
            "strideH": op.stride[0],
            "strideW": op.stride[1],
            "fusedActivationFunction": kinds.RELU if op.activation and not is_separate else kinds.NONE,
        }
        return convolved, options

    def _add_activation(self, activation: Activation | None, convolved: str, output: str) -> None:
        if activation is None or convolved == output:
            return
        if activation.kind == "leaky":
            self._operator("LEAKY_RELU", [self._tensor(convolved)], output, alpha=activation.alpha)
        else:
            self._operator("RELU", [self._tensor(convolved)], output)

    def _bias(self, convolved: str, bias: Sequence[str]) -> int:
        if bias:
            return self._constant(bias[0], self.constants[bias[0]])
        return self._constant(f"{convolved}/bias", np.zeros(self.shapes[convolved][3], dtype=np.float32))

    def _matmul(self, op: MatMul) -> None:
        """A 1x1 convolution on an image of height 1, whose width is the plane's rows."""
        plane = op.inputs[op.plane]
        matrix = self.constants[op.inputs[1 - op.plane]]
        if op.plane == 0:
            self._pointwise(plane, matrix.T, op.output)
            return
        # matrix @ plane = (plane.T @ matrix.T).T
        transposed, product = f"{op.output}/turned", f"{op.output}/product"
        rows, columns = self.shapes[plane][2:]
        self.shapes[transposed] = (1, 1, columns, rows)
        self.shapes[product] = (1, 1, columns, len(matrix))
        order = self._integers("turned", (0, 1, 3, 2))
        self._operator("TRANSPOSE", [self._tensor(plane), order], transposed)
        self._pointwise(transposed, matrix, product)
        self._operator("TRANSPOSE", [self._tensor(product), order], op.output)

    def _pointwise(self, image: str, weight: Array, output: str) -> None:
        """Write a 1x1 convolution; `weight` is (output channels, input channels)."""
        kernel = self._constant(f"{output}/matrix", weight[:, None, None, :])
        inputs = [self._tensor(image), kernel, self._bias(output, ())]
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        self._operator("CONV_2D", inputs, output, padding=self.schema.Padding.VALID, **options)

    def _clip(self, op: Clip) -> None:
        raised = f"{op.output}/raised"
        self.shapes[raised] = self.shapes[op.output]
        for kind, limit, source, output in (
            ("MAXIMUM", op.low, op.inputs[0], raised),
            ("MINIMUM", op.high, raised, op.output),
        ):
            bound = self._constant(f"{output}/limit", np.array(limit, dtype=np.float32))
            self._operator(kind, [self._tensor(source), bound], output)

    def _integers(self, name: str, values: Sequence[Any]) -> int:
        return self._constant(name, np.array(values, dtype=np.int32))

    def _tensor(self, name: str) -> int:
        """The index of a value or a constant."""
        if name in self.constants:
            return self._constant(name, self.constants[name])
        return self._index(name, self.shapes[name], np.dtype(np.float32), 0)

    def _constant(self, name: str, values: Array) -> int:
        if name not in self._tensors:
            self.buffers.append(_Buffer(self.schema, np.ascontiguousarray(values).tobytes()))
        return self._index(name, values.shape, values.dtype, len(self.buffers) - 1)

    def _index(self, name: str, shape: Shape, dtype: np.dtype[Any], buffer: int) -> int:
        if name not in self._tensors:
            self._tensors[name] = len(self.tensors)
            types = self.schema.TensorType
            kind = types.INT32 if dtype == np.int32 else types.FLOAT32
            self.tensors.append(
                self.schema.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name, hasRank=True)
            )
        return self._tensors[name]

    def _operator(self, kind: str, inputs: list[int], output: str, **options: Any) -> None:
        code = self.codes.setdefault(kind, len(self.codes))
        operator = self.schema.OperatorT(opcodeIndex=code, inputs=inputs, outputs=[self._tensor(output)])
        if kind in OPTIONS:
            name = f"{OPTIONS[kind]}Options"
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, name)
            operator.builtinOptions = getattr(self.schema, f"{name}T")(**options)
        self.operators.append(operator)

    def _code(self, kind: str) -> Any:
        code = getattr(self.schema.BuiltinOperator, kind)
        return self.schema.OperatorCodeT(
            deprecatedBuiltinCode=min(code, 127),
            builtinCode=code,
            version=WITH_BIAS if kind == "TRANSPOSE_CONV" else 1,
        )
