"""Storage of a look's weights: float32, float16, uint16 or uint8, quantized per output channel.

onnxruntime's own quantizer does not serve here. `quantize_dynamic` left transposed convolutions, which hold
half of our weights, in float32. It wrote the others as DynamicQuantizeLinear and ConvInteger, which round
the *activations* too, at every frame: this costs quality, and few engines for the browser support it. We
want a small file and unchanged arithmetic. Only weights are rounded, and one standard operator in front of
each (DequantizeLinear, or Cast for float16) turns them into float32.

The guide's matrices are not rounded: training used their exact values. But they are stored once, where the
guide multiplies by a matrix and by its transpose, and as float16 where that is exact, as it is for means
over 8 pixels. Beside the weights of a small network they would be an eighth of the file.

Murr 2020 stored whole layers with one scale (TensorFlow.js' uint8). One scale per output channel costs
8 bytes a channel and loses less: batch norm, folded into the weights, gives channels different ranges.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from limner.errors import LimnerError
from limner.look.storage import Storage

Array = NDArray[Any]

CHANNEL_AXIS = {"Conv": 0, "ConvTranspose": 1}
"""The axis of output channels in the weight of each operator."""


def quantize(weight: Array, axis: int, storage: Storage) -> tuple[Array, Array, Array]:
    """Round a weight to integers: (integers, scale per channel, zero point per channel).

    `scale[c] * (integers - zero_point[c])` is within half a scale of the weight, and exact where it is 0.
    The channel's range is widened to include 0, since its zero point has to be one of the integers.

    Raises LimnerError where a weight is NaN or infinite.
    """
    if not np.isfinite(weight).all():
        raise LimnerError("The network has weights that are NaN or infinite: its training diverged.")
    dtype = np.dtype(storage)
    maximum = np.iinfo(dtype).max
    other_axes = tuple(i for i in range(weight.ndim) if i != axis)
    low = np.minimum(weight.min(axis=other_axes), 0).astype(np.float64)
    high = np.maximum(weight.max(axis=other_axes), 0).astype(np.float64)
    scale = ((high - low) / maximum).astype(np.float32)
    # A channel of zeros, or of a range too small for float32 to divide, has no scale: any will do.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    exact_scale = scale.astype(np.float64)
    zero = np.rint(-low / exact_scale)
    channel_shape = tuple(-1 if i == axis else 1 for i in range(weight.ndim))
    integers = np.rint(weight / exact_scale.reshape(channel_shape)) + zero.reshape(channel_shape)
    return integers.clip(0, maximum).astype(dtype), scale, zero.astype(dtype)


def dequantize(integers: Array, scale: Array, zero: Array, axis: int) -> Array:
    """What DequantizeLinear computes: float32 of the shape of `integers`."""
    channel_shape = tuple(-1 if i == axis else 1 for i in range(integers.ndim))
    difference = integers.astype(np.int32) - zero.astype(np.int32).reshape(channel_shape)
    return difference.astype(np.float32) * scale.reshape(channel_shape)


def quantize_weights(model: ModelProto, storage: Storage) -> ModelProto:
    """A copy of `model` whose network stores its convolution weights as `storage`.

    The guide's constants keep their values; as float32, all constants are stored as they are. Raises
    LimnerError where a weight is NaN or infinite, or too large for float16.
    """
    result = ModelProto()
    result.CopyFrom(model)
    if storage == "float32":
        return result
    axes = quantizable_weights(result)
    matrices = _guide_matrices(result)
    originals = _find_transposed(matrices)
    initializers: list[TensorProto] = []
    dequantize_nodes: dict[str, NodeProto] = {}
    for tensor in result.graph.initializer:
        if tensor.name in originals:
            dequantize_nodes[tensor.name] = _transpose_node(tensor.name, originals[tensor.name])
        elif tensor.name in axes and storage != "float16":
            initializers += _to_integers(tensor, axes[tensor.name], storage)
            dequantize_nodes[tensor.name] = _dequantize_linear_node(tensor.name, axes[tensor.name])
        elif tensor.name in axes or _is_exact_in_float16(matrices.get(tensor.name)):
            initializers.append(_to_float16(tensor))
            dequantize_nodes[tensor.name] = _cast_node(tensor.name)
        else:
            initializers.append(tensor)
    _insert_dequantize_nodes(result, initializers, dequantize_nodes)
    return result


def dequantize_weights(model: ModelProto) -> ModelProto:
    """A copy of `model` with its stored weights as float32 again, as an engine computes with them."""
    result = ModelProto()
    result.CopyFrom(model)
    constants = {tensor.name: tensor for tensor in result.graph.initializer}
    nodes, unused = [], set()
    for node in result.graph.node:
        weight = _evaluate_dequantize_node(node, constants)
        if weight is None:
            nodes.append(node)
        else:
            constants[node.output[0]] = numpy_helper.from_array(weight, node.output[0])
            unused |= set(node.input)
    unused -= {name for node in nodes for name in node.input}
    kept = [tensor for name, tensor in constants.items() if name not in unused]
    _replace_field(result.graph.initializer, kept)
    _replace_field(result.graph.node, nodes)
    # Before version 4 of the format, a file lists its initializers among its inputs.
    _replace_field(result.graph.input, [value for value in result.graph.input if value.name not in unused])
    return result


def quantizable_weights(model: ModelProto) -> dict[str, int]:
    """The float32 initializers that are convolution weights, except the guide's, with their axes."""
    constants = {t.name for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}
    return {
        node.input[1]: CHANNEL_AXIS[node.op_type]
        for node in model.graph.node
        if node.op_type in CHANNEL_AXIS
        and node.input[1] in constants
        and not node.name.startswith("guide.")
    }


def _guide_matrices(model: ModelProto) -> dict[str, Array]:
    """The constants that the guide multiplies matrices by, in the order in which nodes read them."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    return {
        name: numpy_helper.to_array(constants[name])
        for node in model.graph.node
        if node.op_type == "MatMul" and node.name.startswith("guide.")
        for name in node.input
        if name in constants
    }


def _find_transposed(matrices: dict[str, Array]) -> dict[str, str]:
    """The names of matrices that are the transpose of an earlier one, with the earlier one's name."""
    found: dict[str, str] = {}
    for earlier, later in itertools.combinations(matrices, 2):
        if earlier not in found and np.array_equal(matrices[earlier].T, matrices[later]):
            found[later] = earlier
    return found


def _is_exact_in_float16(matrix: Array | None) -> bool:
    return matrix is not None and np.array_equal(matrix.astype(np.float16), matrix)


def _to_float16(tensor: TensorProto) -> TensorProto:
    weight = numpy_helper.to_array(tensor)
    if not np.isfinite(weight).all() or np.abs(weight).max() > np.finfo(np.float16).max:
        raise LimnerError(
            f"The weights of {tensor.name} do not fit into float16: choose --storage uint8 or float32."
        )
    return numpy_helper.from_array(weight.astype(np.float16), f"{tensor.name}.stored")


def _to_integers(tensor: TensorProto, axis: int, storage: Storage) -> list[TensorProto]:
    integers, scale, zero = quantize(numpy_helper.to_array(tensor), axis, storage)
    return [
        numpy_helper.from_array(integers, f"{tensor.name}.stored"),
        numpy_helper.from_array(scale, f"{tensor.name}.scale"),
        numpy_helper.from_array(zero, f"{tensor.name}.zero"),
    ]


def _cast_node(name: str) -> NodeProto:
    return helper.make_node("Cast", [f"{name}.stored"], [name], name=name, to=TensorProto.FLOAT)


def _transpose_node(name: str, original: str) -> NodeProto:
    return helper.make_node("Transpose", [original], [name], name=name, perm=[1, 0])


def _dequantize_linear_node(name: str, axis: int) -> NodeProto:
    inputs = [f"{name}.stored", f"{name}.scale", f"{name}.zero"]
    return helper.make_node("DequantizeLinear", inputs, [name], name=name, axis=axis)


def _insert_dequantize_nodes(
    model: ModelProto, initializers: list[TensorProto], dequantize_nodes: dict[str, NodeProto]
) -> None:
    """Replace the initializers; put each dequantize node in front of the first node that uses it."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += [dequantize_nodes.pop(name) for name in list(node.input) if name in dequantize_nodes]
        nodes.append(node)
    _replace_field(model.graph.initializer, initializers)
    _replace_field(model.graph.node, nodes)


def _evaluate_dequantize_node(node: NodeProto, constants: dict[str, TensorProto]) -> Array | None:
    """The result of a Cast, DequantizeLinear, matrix Transpose or Concat of kernels, of constants.

    None for any other node.
    """
    is_known = node.op_type in {"Cast", "Concat", "DequantizeLinear", "Transpose"}
    if not is_known or any(name not in constants for name in node.input):
        return None
    arrays = [numpy_helper.to_array(constants[name]) for name in node.input]
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Cast":
        return arrays[0].astype(np.float32) if attributes["to"] == TensorProto.FLOAT else None
    if node.op_type == "Concat":
        # Kernels of several branches (limner.look.branch_graph); others may concatenate shapes.
        are_kernels = all(array.ndim == 4 and array.dtype == np.float32 for array in arrays)
        return np.concatenate(arrays, attributes["axis"]) if are_kernels else None
    if node.op_type == "Transpose":
        return arrays[0].T if attributes.get("perm") == [1, 0] and arrays[0].ndim == 2 else None
    if len(arrays) != 3 or arrays[1].ndim != 1 or attributes.get("block_size", 0):
        return None
    integers, scale, zero = arrays
    axis = attributes.get("axis", 1)
    _check_scales(node, integers, scale, zero, axis)
    return dequantize(integers, scale, zero, axis % integers.ndim)


def _check_scales(node: NodeProto, integers: Array, scale: Array, zero: Array, axis: int) -> None:
    """Refuse inputs for which DequantizeLinear is undefined: ONNX's own checker ignores constants."""
    is_valid_axis = -integers.ndim <= axis < integers.ndim
    if not is_valid_axis or not scale.shape == zero.shape == integers.shape[axis : axis + 1 or None]:
        raise LimnerError(
            f"The weights of {node.output[0][:60]} cannot be read: their scales do not match their shape. "
            "The look is damaged; export it again."
        )


def _replace_field(field: Any, values: list[Any]) -> None:
    """Replace a repeated protobuf field. The values are copied, since they may be its own elements."""
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)
