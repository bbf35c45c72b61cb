"""A look as LiteRT (once TensorFlow Lite) reads it: for the bench, where LiteRT.js runs beside the engine.

It is a measuring rod and no way to publish a look: weights are float32, and the values that a person may
turn are constants. It needs the schema that the package `ai-edge-litert` carries (`limner[bench]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from limner import __version__
from limner.errors import LimnerError
from limner.export.nhwc import (
    Activation,
    Array,
    Binary,
    Clip,
    Concat,
    Convolution,
    MatMul,
    NhwcOp,
    Pad,
    Reshape,
    Shape,
    Unary,
    to_nhwc,
)
from limner.files import atomic_write
from limner.look.look import Look

OPERATIONS = {"add": "ADD", "sub": "SUB", "mul": "MUL", "relu": "RELU", "tanh": "TANH", "sqrt": "SQRT"}
"""LiteRT's names."""

OPTIONS = {
    "ADD": "Add",
    "CONCATENATION": "Concatenation",
    "CONV_2D": "Conv2D",
    "LEAKY_RELU": "LeakyRelu",
    "MIRROR_PAD": "MirrorPad",
    "MUL": "Mul",
    "PAD": "Pad",
    "RESHAPE": "Reshape",
    "SUB": "Sub",
    "TRANSPOSE": "Transpose",
    "TRANSPOSE_CONV": "TransposeConv",
}
"""What LiteRT calls the options of those operators that have any."""

WITH_BIAS = 3
"""The version of TRANSPOSE_CONV that has a bias; of every other operator the first does.

The fourth would take a relu too, but LiteRT.js' delegate for WebGPU knows three."""

ALIGNMENT = 16
"""Bytes: where the schema wants the content of a buffer to begin."""


def write_tflite(look: Look, path: Path) -> None:
    """Write `look` to `path`: a picture (1, P, P, 3) to its painting (1, P, P, 3), RGB in 0..1.

    Raises LimnerError where the look cannot be expressed, the package is not there, or the disk refuses.
    """
    schema = _schema()
    try:
        graph = to_nhwc(look.model, live=False)
    except LimnerError as error:
        raise LimnerError(f"{look.path.name}: {error}") from error
    # Planes are (H, W) elsewhere; here they are images of one row, which every delegate takes.
    shapes = {name: (1, 1, *shape) if len(shape) == 2 else shape for name, shape in graph.shapes.items()}
    writer = _Writer(schema, shapes, graph.constants)
    for step in graph.ops:
        writer.step(step)
    atomic_write(path, writer.file(graph.image, graph.outputs[0], look.name))


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise LimnerError(
            "A .tflite file is written with the package ai-edge-litert: pip install 'limner[bench]'."
        ) from error
    return schema_py_generated


class _Buffer:
    """A constant's bytes; flatbuffers for Python does not know the schema's alignment by itself."""

    def __init__(self, schema: Any, content: bytes) -> None:
        self.schema = schema
        self.content = content

    def Pack(self, builder: Any) -> int:
        """As the schema's own classes have it."""
        builder.Prep(ALIGNMENT, len(self.content))
        offset: int = self.schema.BufferT(data=np.frombuffer(self.content, np.uint8)).Pack(builder)
        return offset


class _Writer:
    """LiteRT's tensors, buffers and operators for a graph's steps."""

    def __init__(self, schema: Any, shapes: dict[str, Shape], constants: dict[str, Array]) -> None:
        self.schema = schema
        self.shapes = shapes
        self.constants = constants
        self.tensors: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]  # the first is empty by definition
        self.operators: list[Any] = []
        self.codes: dict[str, int] = {}
        self._tensors: dict[str, int] = {}

    def file(self, image: str, painting: str, description: str) -> bytes:
        """The whole file."""
        import flatbuffers

        made = self.schema
        entry = made.SignatureDefT(signatureKey="serving_default", subgraphIndex=0)
        entry.inputs = [made.TensorMapT(name=image, tensorIndex=self._tensors[image])]
        entry.outputs = [made.TensorMapT(name=painting, tensorIndex=self._tensors[painting])]
        subgraph = made.SubGraphT(
            tensors=self.tensors,
            inputs=[self._tensors[image]],
            outputs=[self._tensors[painting]],
            operators=self.operators,
            name="look",
        )
        model = made.ModelT(
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

    def step(self, step: NhwcOp) -> None:
        """Add the operators of a step."""
        match step:
            case Convolution(transposed=False):
                self._convolution(step)
            case Convolution():
                self._transposed(step)
            case MatMul():
                self._product(step)
            case Reshape():
                shape = self.shapes[step.output]
                target = self._integers(f"{step.output}/shape", shape)
                inputs = [self._tensor(step.inputs[0]), target]
                self._operator("RESHAPE", inputs, step.output, newShape=list(shape))
            case Pad():
                inputs = [self._tensor(step.inputs[0]), self._integers(f"{step.output}/pads", step.amounts)]
                if step.mode == "constant":
                    self._operator("PAD", inputs, step.output)
                else:
                    mode = self.schema.MirrorPadMode.SYMMETRIC
                    self._operator("MIRROR_PAD", inputs, step.output, mode=mode)
            case Concat():
                self._operator("CONCATENATION", list(map(self._tensor, step.inputs)), step.output, axis=3)
            case Clip():
                self._clip(step)
            case Unary(kind="leaky"):
                self._operator("LEAKY_RELU", [self._tensor(step.inputs[0])], step.output, alpha=step.alpha)
            case Binary() | Unary():
                self._operator(OPERATIONS[step.kind], list(map(self._tensor, step.inputs)), step.output)
            case _:
                raise TypeError(step)

    def _convolution(self, step: Convolution) -> None:
        image, weight, *bias = step.inputs
        made, options = self._activated(step, fuses=True)
        kernel = self._constant(f"{weight}/ohwi", self.constants[weight].transpose(0, 2, 3, 1))
        inputs = [self._tensor(image), kernel, self._bias(made, bias)]
        self._operator("CONV_2D", inputs, made, dilationHFactor=1, dilationWFactor=1, **options)
        self._activate(step.activation, made, step.output)

    def _transposed(self, step: Convolution) -> None:
        image, weight, *bias = step.inputs
        made, options = self._activated(step, fuses=False)
        shape = self._integers(f"{step.output}/shape", self.shapes[step.output])
        kernel = self._constant(f"{weight}/ohwi", self.constants[weight].transpose(1, 2, 3, 0))
        inputs = [shape, kernel, self._tensor(image), self._bias(made, bias)]
        self._operator("TRANSPOSE_CONV", inputs, made, **options)
        self._activate(step.activation, made, step.output)

    def _activated(self, step: Convolution, *, fuses: bool) -> tuple[str, dict[str, int]]:
        """What a convolution itself makes, and its options: what does not fuse comes behind it."""
        behind = step.activation is not None and not (fuses and step.activation.kind == "relu")
        made = f"{step.output}/convolved" if behind else step.output
        self.shapes[made] = self.shapes[step.output]
        kinds = self.schema.ActivationFunctionType
        options = {
            "padding": self.schema.Padding.SAME if step.same else self.schema.Padding.VALID,
            "strideH": step.stride[0],
            "strideW": step.stride[1],
            "fusedActivationFunction": kinds.RELU if step.activation and not behind else kinds.NONE,
        }
        return made, options

    def _activate(self, activation: Activation | None, made: str, output: str) -> None:
        if activation is None or made == output:
            return
        if activation.kind == "leaky":
            self._operator("LEAKY_RELU", [self._tensor(made)], output, alpha=activation.alpha)
        else:
            self._operator("RELU", [self._tensor(made)], output)

    def _bias(self, made: str, bias: Sequence[str]) -> int:
        if bias:
            return self._constant(bias[0], self.constants[bias[0]])
        return self._constant(f"{made}/bias", np.zeros(self.shapes[made][3], dtype=np.float32))

    def _product(self, step: MatMul) -> None:
        """A convolution of one point over an image of one row: its columns are channels, its rows a row."""
        plane = step.inputs[step.plane]
        matrix = self.constants[step.inputs[1 - step.plane]]
        if step.plane == 0:
            self._pointwise(plane, matrix.T, step.output)
            return
        # matrix @ plane is what stands on its side after plane on its side @ matrix on its side.
        turned, product = f"{step.output}/turned", f"{step.output}/product"
        rows, columns = self.shapes[plane][2:]
        self.shapes[turned] = (1, 1, columns, rows)
        self.shapes[product] = (1, 1, columns, len(matrix))
        order = self._integers("turned", (0, 1, 3, 2))
        self._operator("TRANSPOSE", [self._tensor(plane), order], turned)
        self._pointwise(turned, matrix, product)
        self._operator("TRANSPOSE", [self._tensor(product), order], step.output)

    def _pointwise(self, image: str, weight: Array, output: str) -> None:
        """`weight` is (output channels, input channels)."""
        kernel = self._constant(f"{output}/matrix", weight[:, None, None, :])
        inputs = [self._tensor(image), kernel, self._bias(output, ())]
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        self._operator("CONV_2D", inputs, output, padding=self.schema.Padding.VALID, **options)

    def _clip(self, step: Clip) -> None:
        made = f"{step.output}/raised"
        self.shapes[made] = self.shapes[step.output]
        for kind, limit, source, output in (
            ("MAXIMUM", step.low, step.inputs[0], made),
            ("MINIMUM", step.high, made, step.output),
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
        made = self.schema.OperatorT(opcodeIndex=code, inputs=inputs, outputs=[self._tensor(output)])
        if kind in OPTIONS:
            name = f"{OPTIONS[kind]}Options"
            made.builtinOptionsType = getattr(self.schema.BuiltinOptions, name)
            made.builtinOptions = getattr(self.schema, f"{name}T")(**options)
        self.operators.append(made)

    def _code(self, kind: str) -> Any:
        code = getattr(self.schema.BuiltinOperator, kind)
        return self.schema.OperatorCodeT(
            deprecatedBuiltinCode=min(code, 127),
            builtinCode=code,
            version=WITH_BIAS if kind == "TRANSPOSE_CONV" else 1,
        )
