"""Linear layers and the flattening before them; products of an image's plane with a constant matrix."""

from __future__ import annotations

from typing import Literal

import numpy as np
from onnx import NodeProto

from limner.export.nhwc.builder import GraphBuilder, attributes_of, refusal
from limner.export.nhwc.operations import Dense, MatMul, Reshape, Shape


def lower_flatten(builder: GraphBuilder, node: NodeProto) -> None:
    """Flatten, Reshape or Squeeze of one picture to (1, features).

    The values keep NHWC's order: no transpose is written, but the next linear layer's weight is permuted.
    """
    name, output = node.input[0], node.output[0]
    before, after = builder.shapes[name], builder.shapes[output]
    if len(before) == 2 and before == after:
        builder.aliases[output] = name
        return
    if len(before) != 4 or len(after) != 2 or after[0] != 1:
        raise refusal(node, f"only a picture to one row can be written, not {before} to {after}")
    builder.ops.append(Reshape(output=output, inputs=(builder.value(node, name),)))
    _, height, width, channels = before
    if channels > 1 and height * width > 1:
        builder.flattened[output] = (channels, height, width)


def lower_gemm(builder: GraphBuilder, node: NodeProto) -> None:
    """Gemm of one row: a linear layer."""
    attributes = attributes_of(node)
    row, weight, *bias = node.input
    given = [weight, *[name for name in bias if name]]
    if any(name not in builder.constants for name in given) or attributes.get("transA", 0):
        raise refusal(node, "only a linear layer with constant weights can be written")
    matrix = builder.constants[weight]
    matrix = attributes.get("alpha", 1.0) * (matrix.T if attributes.get("transB", 0) else matrix)
    offsets: list[str] = []
    if len(given) > 1:
        offset = attributes.get("beta", 1.0) * builder.constants[given[1]]
        if offset.size not in {1, matrix.shape[1]}:
            raise refusal(node, f"its bias has shape {offset.shape}")
        values = np.broadcast_to(offset.ravel(), matrix.shape[1:]).astype(np.float32)
        offsets.append(builder.constant(f"{node.output[0]}/bias", values))
    _add_dense(builder, node, row, matrix, offsets)


def lower_matmul(builder: GraphBuilder, node: NodeProto) -> None:
    """MatMul with a constant matrix."""
    left, right = node.input
    plane: Literal[0, 1] = 1 if left in builder.constants else 0
    matrix = builder.constants.get(left if plane else right)
    if matrix is None or matrix.ndim != 2:
        raise refusal(node, "only products with a constant matrix can be written")
    if plane == 0 and len(builder.shapes[left]) == 2:
        _add_dense(builder, node, left, matrix, [])
        return
    inputs = (
        (left, _plane(builder, node, right))
        if plane
        else (_plane(builder, node, left), _per_channel(builder, right, builder.shapes[left][3]))
    )
    name = f"{node.output[0]}/plane"
    builder.planes[node.output[0]] = name
    builder.only_planes.add(node.output[0])
    builder.shapes[name] = _plane_shape(builder.shapes[node.output[0]])
    builder.ops.append(MatMul(output=name, inputs=inputs, plane=plane))


def _add_dense(
    builder: GraphBuilder, node: NodeProto, row: str, matrix: np.ndarray, bias: list[str]
) -> None:
    """Add a linear layer with `matrix` (features, units), in the order of the row's values."""
    if builder.shapes[row][0] != 1:
        raise refusal(node, "only a product of one row can be written")
    if row in builder.flattened:
        shape = builder.flattened[row]
        order = np.arange(len(matrix)).reshape(shape).transpose(1, 2, 0).ravel()
        matrix = matrix[order]
    weight = np.ascontiguousarray(matrix, dtype=np.float32)
    name = builder.constant(f"{node.output[0]}/weight", weight)
    builder.ops.append(Dense(output=node.output[0], inputs=(row, name, *bias)))


def _plane(builder: GraphBuilder, node: NodeProto, name: str) -> str:
    if name not in builder.planes:
        if len(builder.shapes[name]) != 4:
            raise refusal(node, "only images can be multiplied by a matrix")
        builder.planes[name] = f"{name}/plane"
        builder.shapes[f"{name}/plane"] = _plane_shape(builder.shapes[name])
        builder.ops.append(Reshape(output=f"{name}/plane", inputs=(name,)))
    return builder.planes[name]


def _per_channel(builder: GraphBuilder, matrix: str, channels: int) -> str:
    """The constant that multiplies the columns of a plane as `matrix` does those of each channel."""
    if channels == 1:
        return matrix
    blocks = np.kron(builder.constants[matrix], np.eye(channels, dtype=np.float32))
    return builder.constant(f"{matrix}/{channels}", blocks)


def _plane_shape(image: Shape) -> Shape:
    _, height, width, channels = image
    return height, width * channels
