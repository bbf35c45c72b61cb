"""Convert a look's or a classifier's graph to channels-last (NHWC), the layout of TensorFlow's formats.

ONNX stores a picture as (1, C, H, W), TensorFlow as (1, H, W, C). Only this package knows how to convert
each operator; tfjs and tflite only serialise the resulting operations. It is not a converter for arbitrary
networks: operators and attributes that looks and the classifiers of limner.networks do not have are
refused, with the node's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onnx import GraphProto, ModelProto, NodeProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from limner.errors import LimnerError
from limner.export.nhwc.builder import GraphBuilder, nhwc_shape, refusal
from limner.export.nhwc.convolutions import lower_convolution
from limner.export.nhwc.elementwise import (
    lower_batch_norm,
    lower_binary,
    lower_clip,
    lower_softmax,
    lower_unary,
)
from limner.export.nhwc.fusion import fuse_activations
from limner.export.nhwc.matrices import lower_flatten, lower_gemm, lower_matmul
from limner.export.nhwc.movement import (
    lower_concat,
    lower_identity,
    lower_pad,
    lower_resize,
    lower_slice,
)
from limner.export.nhwc.operations import Array, NhwcOp, Reshape, Shape
from limner.export.nhwc.pooling import lower_mean, lower_pool, lower_response_norm
from limner.look.quantization import dequantize_weights
from limner.look.validation import value_shape

OPERATORS: dict[str, Callable[[GraphBuilder, NodeProto], None]] = {
    **dict.fromkeys(("Conv", "ConvTranspose"), lower_convolution),
    **dict.fromkeys(("MaxPool", "AveragePool"), lower_pool),
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), lower_mean),
    **dict.fromkeys(("Flatten", "Reshape", "Squeeze"), lower_flatten),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), lower_binary),
    **dict.fromkeys(("Relu", "LeakyRelu", "Tanh", "Sqrt", "Sigmoid", "Gelu"), lower_unary),
    **dict.fromkeys(("Identity", "Dropout"), lower_identity),
    "BatchNormalization": lower_batch_norm,
    "Clip": lower_clip,
    "Concat": lower_concat,
    "Gemm": lower_gemm,
    "LRN": lower_response_norm,
    "MatMul": lower_matmul,
    "Pad": lower_pad,
    "Resize": lower_resize,
    "Slice": lower_slice,
    "Softmax": lower_softmax,
}
"""By ONNX's operator, what adds its operations."""


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
    has something that TensorFlow's formats or this package cannot express.
    """
    model = dequantize_weights(model)
    graph = model.graph
    _rename_values(graph)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    image = next(value for value in graph.input if value.name not in constants)
    if 0 in value_shape(image):
        raise LimnerError(f"Its input {image.name} has no fixed size, which TensorFlow's formats need.")
    defaults = {value.name: constants.pop(value.name) for value in graph.input if live and value != image}
    values = [*graph.input, *graph.value_info, *graph.output]
    shapes = {value.name: nhwc_shape(value_shape(value)) for value in values}
    opset = next(each.version for each in model.opset_import if not each.domain)
    builder = GraphBuilder(opset, constants, shapes)
    for node in graph.node:
        _lower(builder, node)
    outputs = tuple(_output(builder, value.name) for value in graph.output)
    ops = fuse_activations(builder.ops, outputs)
    used = {name for op in ops for name in op.inputs}
    return NhwcGraph(
        image=image.name,
        live=defaults,
        outputs=outputs,
        ops=tuple(ops),
        constants={name: array for name, array in constants.items() if name in used},
        shapes=builder.shapes,
    )


def _rename_values(graph: GraphProto) -> None:
    """Rename values such as torch's onnx::Conv_9: TensorFlow.js takes what follows a colon for an index."""
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    names: dict[str, str] = {}
    for name in sorted(each for each in taken if ":" in each):
        plain = name.replace(":", "_")
        while plain in taken:
            plain += "_"
        taken.add(plain)
        names[name] = plain
    for value in (*graph.input, *graph.value_info, *graph.output, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _lower(builder: GraphBuilder, node: NodeProto) -> None:
    node.input[:] = [builder.aliases.get(name, name) for name in node.input]
    inputs = [name for name in node.input if name]
    if all(name in builder.constants for name in inputs):
        feed = {name: builder.constants[name] for name in inputs}
        results: Any = ReferenceEvaluator(node).run(None, feed)
        builder.constants[node.output[0]] = results[0]
        return
    if node.op_type not in OPERATORS:
        raise refusal(node, f"{node.op_type} is not an operator that looks and limner's classifiers have")
    if (axes := len(builder.shapes.get(node.output[0], ()))) == 3 or axes > 4:
        raise refusal(node, f"its output has {axes} axes, which is neither a picture nor one row")
    OPERATORS[node.op_type](builder, node)


def _output(builder: GraphBuilder, name: str) -> str:
    """The value of an output, which has the output's name.

    Two outputs may be one value under two names, as by Identity: each gets an operation of its own. A
    reshape to the same shape costs nothing, and both formats have it.
    """
    source = builder.aliases.get(name, name)
    if source in builder.flattened:
        raise LimnerError(f"Its output {name} is a flattened picture, which TensorFlow orders otherwise.")
    if source in builder.constants:
        raise LimnerError(f"Its output {name} is the same for every input: leave it out of the file.")
    builder.image(source)
    if source != name:
        builder.shapes[name] = builder.shapes[source]
        builder.ops.append(Reshape(output=name, inputs=(source,)))
    return name
