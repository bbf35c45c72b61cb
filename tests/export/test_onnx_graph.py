"""The form of a look's graph, as docs/design.md specifies it for engines."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from helpers.looks import graph, recipe, trained_generator
from limner.export.inference import make_look_module
from limner.export.onnx_graph import export_graph
from limner.look.validation import value_shape
from limner.networks.generator import make_generator
from limner.recipe import GuideName, Size

COMMON = {"Conv", "Pad", "Resize", "LeakyRelu", "Concat", "Tanh", "Mul", "Add", "Sub", "Clip"}
KINDS = {"soft": COMMON | {"MatMul", "Sqrt", "Div", "Relu"}, "edges": COMMON | {"Sqrt"}, "colour": COMMON}
GUIDES: list[GuideName] = ["soft", "edges", "colour"]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_graph_has_few_kinds_of_operators(guide: GuideName) -> None:
    model = graph(recipe(guide=guide))
    assert {node.op_type for node in model.graph.node} == KINDS[guide]
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 21)]
    assert not model.functions


@pytest.mark.parametrize("guide", GUIDES)
def test_the_graph_has_the_specified_inputs_and_outputs(guide: GuideName) -> None:
    model = graph(recipe(guide=guide))
    live = ["brightness", "contrast", "levels"][: 3 if guide == "soft" else 2]
    assert [value.name for value in model.graph.input] == ["image", *live]
    assert [value_shape(value) for value in model.graph.input] == [[1, 3, 64, 64]] + [[]] * len(live)
    channels = 3 if guide == "colour" else 1
    assert [(value.name, value_shape(value)) for value in model.graph.output] == [
        ("painting", [1, 3, 64, 64]),
        ("guide", [1, channels, 64, 64]),
    ]
    defaults = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.name in live
    }
    assert {name: (default.shape, default.item()) for name, default in defaults.items()} == {
        name: ((), 0.0 if name == "brightness" else 1.0) for name in live
    }


def test_names_say_where_in_the_network_a_node_belongs() -> None:
    model = graph(recipe())
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert {
        "guide.clip",
        "down.0.conv",
        "down.2.activation",
        "up.1.conv",
        "up.1.concat",
        "outer.0.activation",
        "last",
    } <= set(names)
    layers = [*(f"up.{level}.conv" for level in range(3)), "outer.0.conv"]
    assert [name for name in names if name.endswith(".resize")] == [f"{layer}.resize" for layer in layers]
    weights = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    assert {f"{layer}.weight" for layer in layers} <= weights


def test_every_value_has_a_complete_shape() -> None:
    model = graph(recipe())
    shapes = {value.name: value_shape(value) for value in [*model.graph.value_info, *model.graph.output]}
    assert set(shapes) == {name for node in model.graph.node for name in node.output}
    assert all(0 not in shape for shape in shapes.values())
    onnx.checker.check_model(model, full_check=True)


def test_there_are_no_unused_initializers_and_no_traces_of_the_exporter() -> None:
    model = onnx.ModelProto()
    model.CopyFrom(graph(recipe(guide="edges")))
    read = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= read
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")  # weights can contain any byte
    assert not [name for node in model.graph.node for name in [node.name, *node.output] if "/" in name]
    assert b"torch" not in model.SerializeToString()


def test_small_constants_are_kept() -> None:
    # An optimiser that simplifies x + 1e-8 to x would make the edges of a black picture 0 / 0 in training.
    constants = {
        numpy_helper.to_array(tensor).item()
        for tensor in graph(recipe(guide="edges")).graph.initializer
        if not tensor.dims and tensor.data_type == TensorProto.FLOAT
    }
    assert np.float32(1e-8) in constants


def test_the_same_weights_give_the_same_bytes() -> None:
    the_recipe = recipe()
    again = export_graph(make_look_module(the_recipe, trained_generator(the_recipe)), the_recipe.pixels)
    assert again.SerializeToString(deterministic=True) == graph(the_recipe).SerializeToString(
        deterministic=True
    )


def test_zero_biases_are_not_written_and_other_biases_are() -> None:
    torch.manual_seed(0)
    paper = recipe("small")
    fresh = export_graph(make_look_module(paper, make_generator(paper)), 64)
    last = next(node for node in fresh.graph.node if node.name == "last.conv")
    trained = next(node for node in graph(paper).graph.node if node.name == "last.conv")
    assert len(last.input) == 2
    assert list(trained.input)[1:] == ["last.conv.weight", "last.conv.bias"]


def test_only_attributes_that_differ_from_onnxs_defaults_are_written() -> None:
    def attributes(name: str, size: Size = "lean") -> dict[str, object]:
        nodes = {node.name: node for node in graph(recipe(size)).graph.node}
        return {entry.name: helper.get_attribute_value(entry) for entry in nodes[name].attribute}

    assert attributes("join.conv") == {"kernel_shape": [3, 3]}
    assert attributes("join.conv.pad") == {"mode": b"edge"}
    assert attributes("down.0.conv") == {"kernel_shape": [3, 3], "strides": [2, 2]}
    padded = {"kernel_shape": [4, 4], "pads": [1, 1, 1, 1], "strides": [2, 2]}
    assert attributes("down.0.conv", "small") == padded
    modes = {"coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor"}
    assert attributes("up.0.conv.resize") == modes


def test_the_cells_of_both_guides_are_computed_once() -> None:
    """The network begins with a smaller guide than people are shown, enlarged from the same cells."""
    nodes = graph(recipe()).graph.node
    # Averaging to cells, auto-levels' averages, and two enlargements: rows and columns of each.
    assert sum(node.op_type == "MatMul" for node in nodes) == 2 * (1 + 1 + 2)
