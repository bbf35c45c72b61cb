"""A look's graph: torch's ONNX export, simplified to the form that docs/design.md specifies.

torch.onnx writes a correct graph for a large runtime. This module adapts it for a small engine and for
people who open the file in a viewer: inputs have defaults, names show where a node belongs in the network,
there are few kinds of operators, attributes are written only if they differ from ONNX's defaults, and the
same weights give the same bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from onnx_ir.passes import common as passes

from limner.export.inference import LookModule
from limner.export.torch_export import (
    float_value,
    infer_and_check,
    layer_path,
    plain_model,
    run_exporter,
    unique_name,
)

Array = NDArray[Any]

DEFAULTS: dict[str, tuple[object, ...]] = {
    "antialias": (0,),
    "auto_pad": (b"NOTSET",),
    "cubic_coeff_a": (-0.75,),
    "dilations": ([1, 1],),
    "exclude_outside": (0,),
    "extrapolation_value": (0.0,),
    "group": (1,),
    "keep_aspect_ratio_policy": (b"stretch",),
    "mode": (b"nearest",),
    "output_padding": ([0, 0],),
    "pads": ([0, 0, 0, 0],),
    "strides": ([1, 1],),
}
"""ONNX's defaults for attributes of convolutions and Resize, which are not written."""


def export_graph(module: LookModule, pixels: int) -> ModelProto:
    """Export `module` as an ONNX model in float32, for pictures (`pixels`, `pixels`), without metadata."""
    model = _run_exporter(module, pixels)
    _drop_zero_biases(model)
    _fuse_min_max_to_clip(model)
    _split_sliced_convolutions(model)
    _tidy(model)
    for name, live in module.live.items():
        default = np.array(live.default, dtype=np.float32)
        model.graph.initializer.append(numpy_helper.from_array(default, name))
    return infer_and_check(model)


def _run_exporter(module: LookModule, pixels: int) -> ModelProto:
    return run_exporter(
        module,
        (torch.zeros(1, 3, pixels, pixels), *module.defaults()),
        inputs=("image", *module.live),
        outputs=("painting", "guide"),
        simplify=(
            # The guide's matrices are above the pass' default limit. Two guides of one picture share them.
            passes.DeduplicateInitializersPass(size_limit=2**20),
            passes.CommonSubexpressionEliminationPass(),
        ),
    )


def _drop_zero_biases(model: ModelProto) -> None:
    """Remove the zero biases that the exporter writes for convolutions without a bias."""
    zero = {t.name for t in model.graph.initializer if not numpy_helper.to_array(t).any()}
    for node in model.graph.node:
        if node.op_type in {"Conv", "ConvTranspose"} and len(node.input) > 2 and node.input[2] in zero:
            del node.input[2]
    _replace_nodes(model, list(model.graph.node))


def _fuse_min_max_to_clip(model: ModelProto) -> None:
    """Replace Min(Max(x, low), high), the exporter's form of a clamp, by Clip(x, low, high)."""
    makers = {node.output[0]: node for node in model.graph.node}
    clipped = set()
    for node in model.graph.node:
        lower = makers.get(node.input[0]) if node.op_type == "Min" else None
        if lower is not None and lower.op_type == "Max":
            node.op_type = "Clip"
            node.input[:] = [*lower.input, node.input[1]]
            clipped.add(lower.output[0])
    _replace_nodes(model, [node for node in model.graph.node if node.output[0] not in clipped])


def _split_sliced_convolutions(model: ModelProto) -> None:
    """Split a convolution whose output is read only by slices into one convolution per slice.

    The edges guide computes both gradients with one convolution. With two, the engine needs no Slice, an
    operator that only copies.
    """
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        users = [user for user in graph.node if node.output[0] in user.input]
        if node.op_type == "Conv" and users and all(user.op_type == "Slice" for user in users):
            nodes += [_part_of_convolution(model, node, user, constants) for user in users]
        elif node.op_type != "Slice":
            nodes.append(node)
    _replace_nodes(model, nodes)


def _part_of_convolution(
    model: ModelProto, conv: NodeProto, slice_: NodeProto, constants: dict[str, Array]
) -> NodeProto:
    start, end, axis, step = (int(constants[name].item()) for name in slice_.input[1:])
    if (axis, step, len(conv.input)) != (1, 1, 2):
        raise ValueError(f"{slice_.name} is not a plain slice of channels of a convolution without bias")
    weight = f"{conv.input[1]}.{start}"
    part = np.ascontiguousarray(constants[conv.input[1]][start:end])
    model.graph.initializer.append(numpy_helper.from_array(part, weight))
    node = NodeProto()
    node.CopyFrom(conv)
    node.input[1] = weight
    node.output[0] = slice_.output[0]
    return node


def _replace_nodes(model: ModelProto, nodes: list[NodeProto]) -> None:
    """Set the graph's nodes to `nodes`, and remove unused initializers."""
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
    read = {name for node in copies for name in node.input}
    used = [
        TensorProto.FromString(t.SerializeToString()) for t in model.graph.initializer if t.name in read
    ]
    del model.graph.initializer[:]
    model.graph.initializer.extend(used)


def _tidy(model: ModelProto) -> None:
    """Name everything after its position in the network, and remove data that the tools left behind."""
    interface = {value.name for value in [*model.graph.input, *model.graph.output]}
    names = {name: name for name in ["", *interface]}
    used_names = set(interface)
    for node in model.graph.node:
        node.name = unique_name(_node_name(node, names), used_names)
        names[node.output[0]] = node.output[0] if node.output[0] in interface else node.name
        plain = [a for a in node.attribute if helper.get_attribute_value(a) not in DEFAULTS.get(a.name, ())]
        plain.sort(key=lambda attribute: attribute.name)
        del node.attribute[:], node.metadata_props[:]
        node.attribute.extend(plain)
        node.ClearField("doc_string")
    for tensor in model.graph.initializer:
        names[tensor.name] = unique_name(_constant_name(model, tensor), used_names)
        _plain_tensor(tensor, names[tensor.name])
    for node in model.graph.node:
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    _plain_model(model)


def _node_name(node: NodeProto, names: dict[str, str]) -> str:
    """A name such as `down.3.conv`, `up.2.conv.resize`, `up.2.concat` or `guide.mul`."""
    path = layer_path(node)
    kind = node.op_type.lower()
    if node.op_type == "Concat":
        # The skip connection of the U-Net: named after the preceding layer.
        return f"{names[node.input[0]].rpartition('.')[0]}.concat"
    if path in {"", "generator"}:
        return kind
    name = path.removeprefix("generator.")
    # Of a convolution that pads or doubles its input, the convolution has the layer's name.
    return f"{name}.{kind}" if name == "guide" or node.op_type in {"Pad", "Resize"} else name


def _constant_name(model: ModelProto, tensor: TensorProto) -> str:
    """The constant's name in the network; otherwise the value of a scalar, or the node that reads it."""
    if tensor.name.startswith(("generator.", "guide.")):
        return tensor.name.removeprefix("generator.")
    if not tensor.dims:
        return f"constant.{numpy_helper.to_array(tensor).item():g}"
    reader = next(node for node in model.graph.node if tensor.name in node.input)
    part = {"MatMul": "matrix", "Pad": "pads", "Resize": "scales"}.get(reader.op_type, "weight")
    return f"{reader.name}.{part}"


def _plain_tensor(tensor: TensorProto, name: str) -> None:
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).copy(), name))


def _plain_model(model: ModelProto) -> None:
    graph = model.graph
    ordered = sorted(graph.initializer, key=lambda tensor: tensor.name)
    inputs, outputs = (
        [float_value(value.name, _shape(value)) for value in values]
        for values in (graph.input, graph.output)
    )
    model.CopyFrom(plain_model("look", list(graph.node), inputs, outputs, ordered))


def _shape(value: ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]
