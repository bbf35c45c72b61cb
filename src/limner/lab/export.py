"""A trained network as an ONNX file: pictures as they are in, scores out; checked against ONNX Runtime.

One input, `pictures` (batch, C, P, P) or `values` (batch, 1), and one output, `scores` (batch, classes)
before softmax or `predictions` (batch, 1), all float32. The batch has no fixed size. The normalization is
inside. Batch norms stay nodes of their own, so that the file can be trained further.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, helper, numpy_helper

from limner.errors import LimnerError
from limner.export.torch_export import (
    float_value,
    infer_and_check,
    layer_path,
    plain_model,
    run_exporter,
    unique_name,
)
from limner.files import atomic_write
from limner.lab.objective import evaluation_batch, predict
from limner.lab.options import InputRange
from limner.lab.scaled import Scaled, for_range
from limner.look.session import make_session

CHECKED_BATCHES = 2
"""Batches of test examples on which torch and ONNX Runtime are compared: 1,000, of large pictures fewer."""

MAX_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Exported:
    """What was written."""

    bytes: int
    checked: int
    max_difference: float
    """Between torch's and ONNX Runtime's outputs."""


def export_network(
    network: Scaled, examples: torch.Tensor, path: Path, values: InputRange, about: Mapping[str, Any]
) -> Exported:
    """Write `network` to `path` and compare it with ONNX Runtime on the first examples.

    `examples` are pictures uint8 (n, C, P, P) or numbers (n, 1). `about` becomes the metadata `limner.lab`,
    as JSON, with the range and the names of the learned weights: whoever trains the file further leaves the
    normalization and frozen filters as they are. Raises LimnerError where the outputs differ by more than
    `MAX_DIFFERENCE`; nothing is written then.
    """
    model = make_model(network, examples, values)
    metadata = {**about, "range": values, "parameters": learned_parameters(network)}
    helper.set_model_props(model, {"limner.lab": json.dumps(metadata)})
    content = model.SerializeToString()
    checked = examples[: CHECKED_BATCHES * evaluation_batch(examples)]
    expected = predict(network, checked).numpy()
    given = checked.float().numpy()
    if _is_pictures(examples) and values == "0..1":
        given = given / np.float32(255)
    (found,) = make_session(content, path).run(None, {model.graph.input[0].name: given})
    difference = float(np.abs(expected - found).max())
    if not difference <= MAX_DIFFERENCE:
        raise LimnerError(
            f"{path} was not written: ONNX Runtime's outputs differ from torch's by {difference:.2g}, and "
            f"{MAX_DIFFERENCE:g} is allowed. Please report it with the options of this training."
        )
    atomic_write(path, content)
    return Exported(len(content), len(checked), difference)


def make_model(network: Scaled, examples: torch.Tensor, values: InputRange) -> ModelProto:
    """The network as an ONNX model with a free batch size."""
    is_pictures = _is_pictures(examples)
    module = for_range(network, values) if is_pictures else network
    names = ("pictures", "scores") if is_pictures else ("values", "predictions")
    exported = run_exporter(module.eval(), (examples[:1].float(),), inputs=names[:1], outputs=names[1:])
    return _tidy(exported, set(module.state_dict()))


def learned_parameters(network: Scaled) -> list[str]:
    """The names in the file of the weights that training moves."""
    named = network.named_parameters()
    return [name.removeprefix("network.") for name, each in named if each.requires_grad]


def _is_pictures(examples: torch.Tensor) -> bool:
    return examples.ndim == 4


def _tidy(exported: ModelProto, own: Collection[str]) -> ModelProto:
    """The model with a free batch, names after the network's layers, and nothing that tools left behind.

    `own` are the names of the network's weights and statistics.
    """
    graph = exported.graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    names = {value.name: value.name for value in [*graph.input, *graph.output]}
    names |= {name: name.removeprefix("network.") for name in constants if name in own}
    taken = set(names.values())
    names |= {name: unique_name("constant", taken) for name in constants if name not in names}
    nodes = [_plain_node(node, constants) for node in graph.node]
    for node, original in zip(nodes, graph.node, strict=True):
        node.name = unique_name(_layer_name(original), taken)
        for output in node.output:
            names.setdefault(output, node.name)
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    used = {name for node in nodes for name in node.input}
    weights = [
        numpy_helper.from_array(value.copy(), names[name])
        for name, value in sorted(constants.items())
        if names[name] in used
    ]
    inputs, outputs = ([_free_batch(value) for value in each] for each in (graph.input, graph.output))
    return infer_and_check(plain_model("network", nodes, inputs, outputs, weights))


def _plain_node(node: NodeProto, constants: Mapping[str, Any]) -> NodeProto:
    """A copy of the node; a reshape to (1, features) becomes Flatten, which takes any batch."""
    if node.op_type == "Reshape":
        if (shape := constants[node.input[1]].tolist())[0] != 1 or len(shape) != 2:
            raise ValueError(f"{node.name} does not flatten a picture: its shape is {shape}")
        return helper.make_node("Flatten", list(node.input[:1]), list(node.output), axis=1)
    copy = NodeProto()
    copy.CopyFrom(node)
    del copy.metadata_props[:]
    copy.ClearField("doc_string")
    if copy.op_type == "Conv" and len(copy.input) > 2 and not copy.input[2].startswith("network."):
        del copy.input[2]  # the exporter's zeros, where the layer has no bias
    return copy


def _layer_name(node: NodeProto) -> str:
    """The layer's name in the network, such as `layers.0.conv`; the operator's where it is in none."""
    path = layer_path(node)
    name = "" if path == "network" else path.removeprefix("network.")
    kind = node.op_type.lower()
    return f"{name}.{kind}" if name else kind


def _free_batch(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    _, *rest = (dimension.dim_value for dimension in value.type.tensor_type.shape.dim)
    return float_value(value.name, ["batch", *rest])
