"""How a look's weights are stored: float32, float16, uint16 or uint8, per output channel.

onnxruntime's own quantiser does not serve here. `quantize_dynamic` left transposed convolutions in
float32, which hold half of our weights, and wrote the others as DynamicQuantizeLinear and ConvInteger:
it rounds the *activations* too, at every frame, which costs quality and which few engines for the browser
know. We want the file small and the arithmetic unchanged, so only weights are rounded, and one standard
operator in front of each (DequantizeLinear, or Cast for float16) says how to read them.

Murr 2020 stored whole layers with one scale (TensorFlow.js' uint8). One scale per output channel costs
8 bytes a channel and loses less: batch norm, folded into the weights, gives channels different ranges.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.errors import LimnerError
from limner.look.storage import Storage

Array = NDArray[Any]

CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1}
"""The axis of the weight that counts the output channels."""


def quantize(weight: Array, axis: int, storage: Storage) -> tuple[Array, Array, Array]:
    """Round a weight to whole steps of its channel: (steps, scale per channel, zero point per channel).

    `scale[c] * (steps - zero_point[c])` is within half a step of the weight, and exact where it is 0.
    The channel's range is widened to hold 0, as its zero point has to be one of the steps.

    Raises LimnerError where a weight is not finite.
    """
    if not np.isfinite(weight).all():
        raise LimnerError("The network has weights that are not numbers: its training diverged.")
    kind = np.dtype(storage)
    most = np.iinfo(kind).max
    rest = tuple(other for other in range(weight.ndim) if other != axis)
    low = np.minimum(weight.min(axis=rest), 0).astype(np.float64)
    high = np.maximum(weight.max(axis=rest), 0).astype(np.float64)
    scale = ((high - low) / most).astype(np.float32)
    # A channel of zeros, or of less than float32 can divide, has no step: any will do.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    step = scale.astype(np.float64)
    zero = np.rint(-low / step)
    along = tuple(-1 if other == axis else 1 for other in range(weight.ndim))
    steps = np.rint(weight / step.reshape(along)) + zero.reshape(along)
    return steps.clip(0, most).astype(kind), scale, zero.astype(kind)


def dequantize(steps: Array, scale: Array, zero: Array, axis: int) -> Array:
    """What DequantizeLinear gives: float32 of the shape of `steps`."""
    along = tuple(-1 if other == axis else 1 for other in range(steps.ndim))
    difference = steps.astype(np.int32) - zero.astype(np.int32).reshape(along)
    return difference.astype(np.float32) * scale.reshape(along)


def quantize_weights(model: ModelProto, storage: Storage) -> ModelProto:
    """A copy of `model` with the weights of its network's convolutions kept in that storage.

    The guide's constants stay in float32: they are few, and training knew them exactly. Raises
    LimnerError where a weight is not finite, or too large for float16.
    """
    result = ModelProto()
    result.CopyFrom(model)
    if storage == "float32":
        return result
    axes = quantizable_weights(result)
    kept: list[TensorProto] = []
    readers: dict[str, NodeProto] = {}
    for tensor in result.graph.initializer:
        if tensor.name not in axes:
            kept.append(tensor)
        elif storage == "float16":
            kept.append(_to_float16(tensor))
            readers[tensor.name] = _cast_node(tensor.name)
        else:
            kept += _to_integers(tensor, axes[tensor.name], storage)
            readers[tensor.name] = _dequantize_linear_node(tensor.name, axes[tensor.name])
    _rewrite(result, kept, readers)
    return result


def dequantize_weights(model: ModelProto) -> ModelProto:
    """A copy of `model` with its stored weights as float32 again: what an engine computes with."""
    result = ModelProto()
    result.CopyFrom(model)
    constants = {tensor.name: tensor for tensor in result.graph.initializer}
    nodes, replaced, unread = [], [], set()
    for node in result.graph.node:
        weight = _dequantize_node(node, constants)
        if weight is None:
            nodes.append(node)
        else:
            replaced.append(numpy_helper.from_array(weight, node.output[0]))
            unread |= set(node.input)
    unread -= {name for node in nodes for name in node.input}
    kept = [tensor for tensor in result.graph.initializer if tensor.name not in unread]
    _set(result.graph.initializer, [*kept, *replaced])
    _set(result.graph.node, nodes)
    return result


def quantizable_weights(model: ModelProto) -> dict[str, int]:
    """The float32 initializers that convolutions take for weights, guide excepted, with their axes."""
    constants = {t.name for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}
    return {
        node.input[1]: CHANNEL_AXIS[node.op_type]
        for node in model.graph.node
        if node.op_type in CHANNEL_AXIS
        and node.input[1] in constants
        and not node.name.startswith("guide.")
    }


def _to_float16(tensor: TensorProto) -> TensorProto:
    weight = numpy_helper.to_array(tensor)
    if not np.isfinite(weight).all() or np.abs(weight).max() > np.finfo(np.float16).max:
        raise LimnerError(
            f"The weights of {tensor.name} do not fit into float16: choose --storage uint8 or float32."
        )
    return numpy_helper.from_array(weight.astype(np.float16), f"{tensor.name}.stored")


def _to_integers(tensor: TensorProto, axis: int, storage: Storage) -> list[TensorProto]:
    steps, scale, zero = quantize(numpy_helper.to_array(tensor), axis, storage)
    return [
        numpy_helper.from_array(steps, f"{tensor.name}.stored"),
        numpy_helper.from_array(scale, f"{tensor.name}.scale"),
        numpy_helper.from_array(zero, f"{tensor.name}.zero"),
    ]


def _cast_node(name: str) -> NodeProto:
    return helper.make_node("Cast", [f"{name}.stored"], [name], name=name, to=TensorProto.FLOAT)


def _dequantize_linear_node(name: str, axis: int) -> NodeProto:
    inputs = [f"{name}.stored", f"{name}.scale", f"{name}.zero"]
    return helper.make_node("DequantizeLinear", inputs, [name], name=name, axis=axis)


def _rewrite(model: ModelProto, kept: list[TensorProto], readers: dict[str, NodeProto]) -> None:
    """Put each reader in front of the first node that wants its weight."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += [readers.pop(name) for name in list(node.input) if name in readers]
        nodes.append(node)
    _set(model.graph.initializer, kept)
    _set(model.graph.node, nodes)


def _dequantize_node(node: NodeProto, constants: dict[str, TensorProto]) -> Array | None:
    """The weight that a Cast or DequantizeLinear of constants gives; None for any other node."""
    if node.op_type not in {"Cast", "DequantizeLinear"} or any(n not in constants for n in node.input):
        return None
    arrays = [numpy_helper.to_array(constants[name]) for name in node.input]
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Cast":
        return arrays[0].astype(np.float32) if attributes["to"] == TensorProto.FLOAT else None
    if len(arrays) != 3 or arrays[1].ndim != 1 or attributes.get("block_size", 0):
        return None
    steps, scale, zero = arrays
    axis = attributes.get("axis", 1)
    _check_integers(node, steps, scale, zero, axis)
    return dequantize(steps, scale, zero, axis % steps.ndim)


def _check_integers(node: NodeProto, steps: Array, scale: Array, zero: Array, axis: int) -> None:
    """Refuse what DequantizeLinear is not defined for: ONNX' own checker does not look at constants."""
    inside = -steps.ndim <= axis < steps.ndim
    if not inside or not scale.shape == zero.shape == steps.shape[axis : axis + 1 or None]:
        raise LimnerError(
            f"The weights of {node.output[0][:60]} cannot be read: their scales do not fit. The look is "
            "damaged; export it again."
        )


def _set(field: Any, values: list[Any]) -> None:
    """Replace a repeated protobuf field; `values` may be its own elements, hence the copies."""
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)


def count_weight_bytes(model: ModelProto) -> int:
    """Bytes of all constants of a model, as they are stored."""
    return sum(
        math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        for tensor in model.graph.initializer
    )
