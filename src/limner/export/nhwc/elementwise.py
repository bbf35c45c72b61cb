"""Elementwise operators, batch norm that no convolution took in, and softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto

from limner.export.nhwc.builder import GraphBuilder, attributes_of, refusal
from limner.export.nhwc.operations import Binary, Clip, NhwcOp, Softmax, Unary


def lower_binary(builder: GraphBuilder, node: NodeProto) -> None:
    """Add, Sub, Mul and Div."""
    values = [name for name in node.input if name not in builder.constants]
    ranks = {len(builder.shapes[name]) for name in values} - {0}
    if len(ranks) > 1:
        raise refusal(node, "its operands have different numbers of axes")
    operands = tuple(builder.operand(node, name) for name in node.input)
    kind: Any = node.op_type.lower()
    builder.ops.append(Binary(output=node.output[0], inputs=operands, kind=kind))


def lower_unary(builder: GraphBuilder, node: NodeProto) -> None:
    """Relu, LeakyRelu, Tanh, Sqrt, Sigmoid and Gelu."""
    attributes = attributes_of(node)
    if attributes.get("approximate", b"none") != b"none":
        raise refusal(node, "only the exact form can be written")
    is_leaky = node.op_type == "LeakyRelu"
    kind: Any = "leaky" if is_leaky else node.op_type.lower()
    alpha = float(attributes.get("alpha", 0.01)) if is_leaky else 0.0
    inputs = (builder.image(node.input[0]),)
    _add_pointwise(builder, node, Unary(output=node.output[0], inputs=inputs, kind=kind, alpha=alpha))


def lower_clip(builder: GraphBuilder, node: NodeProto) -> None:
    """Clip with two constant limits; they are inputs since opset 11."""
    attributes = attributes_of(node)
    name, *limits = node.input
    if any(each not in builder.constants for each in limits):
        raise refusal(node, "its limits are not two constants")
    given = [builder.constants[each].item() for each in limits]
    given = given or [attributes[key] for key in ("min", "max") if key in attributes]
    if len(given) != 2:
        raise refusal(node, "its limits are not two constants")
    low, high = given
    inputs = (builder.image(name),)
    _add_pointwise(builder, node, Clip(output=node.output[0], inputs=inputs, low=low, high=high))


def _add_pointwise(builder: GraphBuilder, node: NodeProto, op: NhwcOp) -> None:
    """Add an operation for which the order of values makes no difference."""
    if node.input[0] in builder.flattened:
        builder.flattened[op.output] = builder.flattened[node.input[0]]
    builder.ops.append(op)


def lower_batch_norm(builder: GraphBuilder, node: NodeProto) -> None:
    """BatchNormalization with stored statistics: a factor and an offset for each channel."""
    name, *parameters = node.input
    output = node.output[0]
    if any(each not in builder.constants for each in parameters) or len(node.output) > 1:
        raise refusal(node, "its statistics are not constants")
    scale, shift, mean, variance = (builder.constants[each] for each in parameters)
    factor = scale / np.sqrt(variance + attributes_of(node).get("epsilon", 1e-5))
    factors = builder.constant(f"{output}/factor", factor.astype(np.float32))
    offsets = builder.constant(f"{output}/offset", (shift - mean * factor).astype(np.float32))
    scaled = f"{output}/scaled"
    builder.shapes[scaled] = builder.shapes[output]
    image = builder.value(node, name)
    builder.ops.append(Binary(output=scaled, inputs=(image, factors), kind="mul"))
    builder.ops.append(Binary(output=output, inputs=(scaled, offsets), kind="add"))


def lower_softmax(builder: GraphBuilder, node: NodeProto) -> None:
    """Softmax along the channels; before opset 13 it takes all axes from `axis` on together."""
    value = builder.value(node, node.input[0])
    shape = builder.shapes[value]
    is_old = builder.opset < 13
    axis = attributes_of(node).get("axis", 1 if is_old else -1) % len(shape)
    if axis != 1 or len(shape) not in {2, 4} or (is_old and len(shape) == 4 and shape[1:3] != (1, 1)):
        raise refusal(node, "only a softmax along the channels can be written")
    builder.ops.append(Softmax(output=node.output[0], inputs=(value,)))
