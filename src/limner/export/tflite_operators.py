"""LiteRT's operators, tensors and buffers of a graph in NHWC, and the file that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from limner import __version__
from limner.export.nhwc.operations import (
    Activation,
    Array,
    Binary,
    Clip,
    Concat,
    Convolution,
    Dense,
    Doubling,
    MatMul,
    Mean,
    Pad,
    Pool,
    Reshape,
    ResponseNormalization,
    Shape,
    Softmax,
    StridedSlice,
    Unary,
)
from limner.export.nhwc.writer import ElementwiseOp, MovementOp, OpWriter, WindowOp

OPERATIONS = {
    "add": "ADD",
    "sub": "SUB",
    "mul": "MUL",
    "div": "DIV",
    "relu": "RELU",
    "tanh": "TANH",
    "sigmoid": "LOGISTIC",
    "sqrt": "SQRT",
}
"""LiteRT's operator names."""

OPTIONS = {
    "ADD": "Add",
    "AVERAGE_POOL_2D": "Pool2D",
    "CONCATENATION": "Concatenation",
    "CONV_2D": "Conv2D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "DIV": "Div",
    "FULLY_CONNECTED": "FullyConnected",
    "GELU": "Gelu",
    "LEAKY_RELU": "LeakyRelu",
    "LOCAL_RESPONSE_NORMALIZATION": "LocalResponseNormalization",
    "MAX_POOL_2D": "Pool2D",
    "MEAN": "Reducer",
    "MIRROR_PAD": "MirrorPad",
    "MUL": "Mul",
    "PAD": "Pad",
    "PADV2": "PadV2",
    "RESHAPE": "Reshape",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighbor",
    "SOFTMAX": "Softmax",
    "STRIDED_SLICE": "StridedSlice",
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


class OperatorWriter(OpWriter):
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

    def file(self, image: str, outputs: Sequence[str], description: str) -> bytes:
        """The bytes of the whole file; `description` is the model's name."""
        import flatbuffers

        schema = self.schema
        entry = schema.SignatureDefT(signatureKey="serving_default", subgraphIndex=0)
        entry.inputs = [schema.TensorMapT(name=image, tensorIndex=self._tensors[image])]
        entry.outputs = [schema.TensorMapT(name=name, tensorIndex=self._tensors[name]) for name in outputs]
        subgraph = schema.SubGraphT(
            tensors=self.tensors,
            inputs=[self._tensors[image]],
            outputs=[self._tensors[name] for name in outputs],
            operators=self.operators,
            name="main",
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

    def _window(self, op: WindowOp) -> None:
        inputs = list(map(self._tensor, op.inputs))
        match op:
            case Pool():
                kind = {"max": "MAX_POOL_2D", "average": "AVERAGE_POOL_2D"}[op.kind]
                height, width = op.kernel
                options = self._window_options(op.stride, same=op.same_padding)
                self._operator(kind, inputs, op.output, filterHeight=height, filterWidth=width, **options)
            case Mean():
                axes = self._integers(f"{op.output}/axes", (1, 2))
                self._operator("MEAN", [*inputs, axes], op.output, keepDims=op.keeps_axes)
            case ResponseNormalization():
                factors = {"bias": op.bias, "alpha": op.alpha, "beta": op.beta}
                kind = "LOCAL_RESPONSE_NORMALIZATION"
                self._operator(kind, inputs, op.output, radius=op.radius, **factors)
            case Softmax():
                self._operator("SOFTMAX", inputs, op.output, beta=1.0)

    def _movement(self, op: MovementOp) -> None:
        inputs = list(map(self._tensor, op.inputs))
        shape = self.shapes[op.output]
        match op:
            case Reshape():
                target = self._integers(f"{op.output}/shape", shape)
                self._operator("RESHAPE", [*inputs, target], op.output, newShape=list(shape))
            case Pad():
                self._pad(op, [*inputs, self._integers(f"{op.output}/pads", op.amounts)])
            case StridedSlice():
                limits = {"begin": op.begin, "end": op.end, "strides": op.stride}
                numbers = [self._integers(f"{op.output}/{key}", each) for key, each in limits.items()]
                self._operator("STRIDED_SLICE", [*inputs, *numbers], op.output)
            case Doubling():
                size = self._integers(f"{op.output}/size", shape[1:3])
                options = {"alignCorners": False, "halfPixelCenters": False}
                self._operator("RESIZE_NEAREST_NEIGHBOR", [*inputs, size], op.output, **options)
            case Concat():
                self._operator("CONCATENATION", inputs, op.output, axis=3)

    def _pad(self, op: Pad, inputs: list[int]) -> None:
        if op.mode == "symmetric":
            self._operator("MIRROR_PAD", inputs, op.output, mode=self.schema.MirrorPadMode.SYMMETRIC)
        elif op.value == 0:
            self._operator("PAD", inputs, op.output)
        else:
            value = self._constant(f"{op.output}/value", np.array([op.value], dtype=np.float32))
            self._operator("PADV2", [*inputs, value], op.output)

    def _elementwise(self, op: ElementwiseOp) -> None:
        inputs = list(map(self._tensor, op.inputs))
        match op:
            case Clip(is_relu6=True):
                self._operator("RELU6", inputs, op.output)
            case Clip():
                self._clip(op)
            case Unary(kind="leaky"):
                self._operator("LEAKY_RELU", inputs, op.output, alpha=op.alpha)
            case Unary(kind="gelu"):
                self._operator("GELU", inputs, op.output, approximate=False)
            case Binary() | Unary():
                self._operator(OPERATIONS[op.kind], inputs, op.output)

    def _convolution(self, op: Convolution) -> None:
        image, weight, *bias = op.inputs
        convolved, options = self._convolution_output(op, can_fuse=True)
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        values = self.constants[weight]
        if op.kind == "depthwise":
            kind, values = "DEPTHWISE_CONV_2D", values.transpose(1, 2, 3, 0)
            options["depthMultiplier"] = len(self.constants[weight]) // self.shapes[image][3]
        else:
            kind, values = "CONV_2D", values.transpose(0, 2, 3, 1)
        kernel = self._constant(f"{weight}/channels_last", values)
        self._operator(
            kind, [self._tensor(image), kernel, self._bias(convolved, bias)], convolved, **options
        )
        self._add_activation(op.activation, convolved, op.output)

    def _dense(self, op: Dense) -> None:
        row, weight, *bias = op.inputs
        product, fused = self._unfused(op, can_fuse=True)
        matrix = self._constant(f"{weight}/transposed", self.constants[weight].T)
        inputs = [self._tensor(row), matrix, self._bias(product, bias)]
        self._operator("FULLY_CONNECTED", inputs, product, fusedActivationFunction=fused)
        self._add_activation(op.activation, product, op.output)

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
        convolved, fused = self._unfused(op, can_fuse=can_fuse)
        options = self._window_options(op.stride, same=op.same_padding)
        return convolved, {**options, "fusedActivationFunction": fused}

    def _unfused(self, op: Convolution | Dense, *, can_fuse: bool) -> tuple[str, int]:
        """The name of what the operator itself computes, and the activation that it fuses."""
        kinds = self.schema.ActivationFunctionType
        fusable = {"relu": kinds.RELU, "relu6": kinds.RELU6} if can_fuse else {}
        if op.activation is None or op.activation.kind in fusable:
            return op.output, fusable[op.activation.kind] if op.activation else kinds.NONE
        name = f"{op.output}/convolved"
        self.shapes[name] = self.shapes[op.output]
        return name, kinds.NONE

    def _window_options(self, stride: tuple[int, int], *, same: bool) -> dict[str, int]:
        padding = self.schema.Padding.SAME if same else self.schema.Padding.VALID
        return {"padding": padding, "strideH": stride[0], "strideW": stride[1]}

    def _add_activation(self, activation: Activation | None, before: str, output: str) -> None:
        if activation is None or before == output:
            return
        if activation.kind == "leaky":
            self._operator("LEAKY_RELU", [self._tensor(before)], output, alpha=activation.alpha)
        else:
            self._operator(activation.kind.upper(), [self._tensor(before)], output)

    def _bias(self, convolved: str, bias: Sequence[str]) -> int:
        if bias:
            return self._constant(bias[0], self.constants[bias[0]])
        return self._constant(f"{convolved}/bias", np.zeros(self.shapes[convolved][-1], dtype=np.float32))

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
