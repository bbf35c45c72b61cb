"""Looks of the compact networks at 256 pixels: their bytes, and the form that the web's tests rely on."""

from functools import cache
from typing import Any

import pytest
from onnx import ModelProto, helper

from helpers.looks import graph
from limner.look.quantization import quantize_weights
from limner.recipe import Recipe, Size
from onnx_cases.unets import make_look

METADATA = 5_000
"""Bytes for a look's metadata; a long credit of 200 letters, the recipe and the figures take 3,000."""


@cache
def exported(size: Size) -> ModelProto:
    return quantize_weights(graph(Recipe(size=size, pixels=256)), "uint8")


@pytest.mark.parametrize(("size", "most"), [("full", 1_000_000), ("lean", 330_000)])
def test_the_bytes_of_a_look(size: Size, most: int) -> None:
    assert 0.9 * most < exported(size).ByteSize() < most - METADATA


@pytest.mark.parametrize("size", ["full", "lean"])
def test_the_webs_tests_model_what_is_exported(size: Size) -> None:
    assert form(make_look(size, 256, "uint8", "levels")) == form(exported(size))


def form(model: ModelProto) -> list[tuple[Any, ...]]:
    """Each node's operator, attributes and inputs: a node's place, or a constant's type and shape."""
    values: dict[str, Any] = {"": None} | {value.name: value.name for value in model.graph.input}
    for tensor in model.graph.initializer:
        values.setdefault(tensor.name, (tensor.data_type, tuple(tensor.dims)))
    nodes = []
    for place, node in enumerate(model.graph.node):
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        attributes.pop("kernel_shape", None)  # the weight has it, too
        nodes.append((node.op_type, attributes, [values[name] for name in node.input]))
        values[node.output[0]] = place
    return [*nodes, *(values[value.name] for value in model.graph.output)]
