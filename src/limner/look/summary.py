"""The layers, parameters, multiply-adds and bytes of a look, measured from its graph."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limner.summary import LayerSummary, NetworkSummary

if TYPE_CHECKING:
    from limner.look.branches import Branch


def describe_look(path: Path) -> NetworkSummary:
    """A look, or another program's image network, measured from its graph."""
    from limner.errors import LimnerError
    from limner.look.branches import read_branches, without_branches
    from limner.look.look import open_look
    from limner.look.metadata import is_limner_model

    look = open_look(path)
    try:
        branches = read_branches(look.model, look.live)
    except LimnerError as error:
        raise LimnerError(f"{path} {error}.") from error
    base = without_branches(look.model)
    lines = {name: getattr(look, name) for name in ("name", "author", "credit", "licence")}
    return NetworkSummary(
        target=str(path),
        kind="look" if is_limner_model(look.model) else "ONNX file",
        pixels=look.pixels,
        layers=tuple(_summarize_graph(base)),
        bytes={"file": len(look.content)},
        recipe=look.recipe,
        credits={name: line for name, line in lines.items() if line},
        figures=look.figures,
        state={
            tensor.input: {"next": tensor.output, "shape": list(tensor.shape)}
            for tensor in look.state_tensors
        },
        filters=tuple(look.filters),
        branches=_summarize_branches(base, branches),
    )


def _summarize_branches(base: Any, branches: Sequence[Branch]) -> dict[str, dict[str, Any]]:
    """The figures of each branch: what it adds to the base."""
    if not branches:
        return {}
    from limner.look.branch_graph import measure_branches, with_branches
    from limner.look.validation import infer_shapes

    sizes = measure_branches(with_branches(base, branches), branches)
    own = _summarize_graph(base)
    told = {}
    for branch in branches:
        layers = _summarize_graph(infer_shapes(with_branches(base, [branch])))
        told[branch.input] = {
            "name": branch.label,
            "rank": branch.rank,
            "layers": len(branch.layers),
            "bytes": sizes[branch.input],
            "parameters": sum(layer.parameters for layer in layers)
            - sum(layer.parameters for layer in own),
            "multiply_adds": sum(layer.multiply_adds for layer in layers)
            - sum(layer.multiply_adds for layer in own),
        }
    return told


def _summarize_graph(model: Any) -> list[LayerSummary]:
    from limner.look.doubling import find_doubled_convs
    from limner.look.quantization import dequantize_weights
    from limner.look.validation import value_shape

    graph = dequantize_weights(model).graph
    constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    values = [*graph.input, *graph.value_info, *graph.output]
    shapes = {value.name: tuple(value_shape(value)) for value in values} | constants
    doubled = find_doubled_convs(graph)
    layers = []
    for node in graph.node:
        layer = _summarize_node(node, shapes, constants)
        if layer is not None and node.output[0] in doubled:
            # Of the nine taps, four read different pixels: engines add the others' weights first.
            layer = dataclasses.replace(layer, multiply_adds=layer.multiply_adds * 4 // 9)
        layers += [layer] if layer else []
    return layers


def _summarize_node(
    node: Any, shapes: Mapping[str, tuple[int, ...]], constants: Mapping[str, tuple[int, ...]]
) -> LayerSummary | None:
    """The summary of a node with constants of more than one value, such as weights; None for others."""
    inputs = [constants[name] for name in dict.fromkeys(node.input) if name in constants]
    parameters = sum(math.prod(dims) for dims in inputs if dims)
    if not parameters or node.op_type in {"Pad", "Reshape", "Resize", "Slice"}:
        return None
    image, output = (shapes.get(name, ()) for name in (node.input[0], node.output[0]))
    true = zero_stuffed = math.prod(output) * _multiply_adds_per_value(node, shapes)
    if node.op_type == "ConvTranspose":
        weight = shapes[node.input[1]]
        # Only the values of the input are multiplied, each with the whole kernel.
        true = math.prod(image) * math.prod(weight[1:])
        zero_stuffed = _count_zero_stuffed(node, weight, output)
    name = _layer_name(node)
    return LayerSummary(name, node.op_type, tuple(output[1:]), parameters, true, zero_stuffed)


def _layer_name(node: Any) -> str:
    """The name of a layer: that of its weights, as in torch, or else of its node."""
    weight = node.input[1] if len(node.input) > 1 else ""
    stem: str = weight.removesuffix(".weight")
    return stem if stem != weight else node.name or node.output[0]


def _multiply_adds_per_value(node: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Multiply-adds per value of the output."""
    match node.op_type:
        case "Conv":
            return math.prod(shapes[node.input[1]][1:])
        case "MatMul":
            return (shapes.get(node.input[0]) or (1,))[-1]
        case "Gemm":
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            return (shapes.get(node.input[0]) or (1, 1))[0 if transposed else -1]
        case _:
            return 0


def _count_zero_stuffed(node: Any, weight: tuple[int, ...], output: tuple[int, ...]) -> int:
    """Multiply-adds of a transposed convolution that inserts zeros between the values of its input."""
    groups = next((a.i for a in node.attribute if a.name == "group"), 1)
    return math.prod(output) * weight[0] // groups * math.prod(weight[2:])
