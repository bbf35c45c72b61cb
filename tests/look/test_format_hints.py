"""The first and the last nodes of a graph tell the range of its pictures."""

import numpy as np
import onnx
import pytest
from onnx import NodeProto, helper

from helpers.strangers import network
from limner.look.format_hints import GraphEnds


def ends(*steps: tuple[str, object]) -> GraphEnds:
    """A graph of operators in a row, each with a constant, attributes or nothing."""
    nodes: list[NodeProto] = []
    constants: dict[str, object] = {}
    value = "x"
    for place, (operator, given) in enumerate(steps):
        output = "y" if place == len(steps) - 1 else f"v{place}"
        names = [value]
        if isinstance(given, dict):
            nodes.append(helper.make_node(operator, names, [output], **given))
        else:
            for key in [] if given is None else given if isinstance(given, list) else [given]:
                name = f"c{len(constants)}"
                constants[name] = np.asarray(key, np.float32)
                names.append(name)
            nodes.append(helper.make_node(operator, names, [output]))
        value = output
    return GraphEnds(onnx.load_from_string(network(nodes, constants=constants)).graph, "x", "y")


def each_channel(*values: float) -> np.ndarray:
    return np.array(values).reshape(1, 3, 1, 1)


MEAN, DEVIATION = each_channel(0.485, 0.456, 0.406), each_channel(0.229, 0.224, 0.225)
CAFFE = each_channel(103.939, 116.779, 123.68)
CONV = ("Conv", np.zeros((3, 3, 1, 1)))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("Div", 255)], "0..255"),
        ([("Mul", 1 / 255)], "0..255"),
        ([("Div", 127.5), ("Sub", 1)], "0..255"),
        ([("Transpose", {"perm": [0, 1, 3, 2]}), ("Mul", 1 / 127.5), ("Add", -1)], "0..255"),
        ([("Sub", CAFFE)], "0..255"),
        ([("Mul", 255)], "0..1"),
        ([("Mul", 2), ("Sub", 1)], "0..1"),
        ([("Sub", 0.5), ("Div", 0.5)], "0..1"),
        ([("Sub", MEAN), ("Div", DEVIATION)], "0..1"),
        ([("Mul", 255), ("Sub", CAFFE)], "0..1"),
        ([("Add", 1), ("Div", 2)], "-1..1"),
        ([("Add", 1), ("Mul", 127.5)], "-1..1"),
        ([], None),
        ([("Relu", None)], None),
        ([("Mul", 17)], None),
    ],
)
def test_the_first_nodes_tell_what_it_takes(steps: list[tuple[str, object]], expected: str | None) -> None:
    assert ends(*steps, CONV).input_range() == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("Tanh", None)], "-1..1"),
        ([("Sigmoid", None)], "0..1"),
        ([("Sigmoid", None), ("Mul", 255)], "0..255"),
        ([("Tanh", None), ("Mul", 0.5), ("Add", 0.5)], "0..1"),
        ([("Tanh", None), ("Mul", 150), ("Add", 127.5)], "0..255"),
        ([("Tanh", None), ("Mul", 127.5), ("Add", 127.5), ("Transpose", {"perm": [0, 1, 3, 2]})], "0..255"),
        ([("Clip", [0, 255])], "0..255"),
        ([("Clip", [-1, 1])], "-1..1"),
        ([("Clip", [0, [255]])], "0..255"),
        ([("Clip", [0, 1]), ("Mul", 255)], "0..255"),
        ([("Relu", None)], None),
        ([("Mul", 255)], None),
        ([("Tanh", None), ("Mul", 7)], None),
    ],
)
def test_the_last_nodes_tell_what_it_gives(steps: list[tuple[str, object]], expected: str | None) -> None:
    assert ends(CONV, *steps).output_range("0..1") == expected


def test_where_all_is_arithmetic_the_output_follows_from_the_input() -> None:
    assert ends(("Mul", 255)).output_range("0..1") == "0..255"
    assert ends(("Div", 255)).output_range("0..255") == "0..1"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("Sub", CAFFE)], "BGR"),
        ([("Sub", CAFFE[:, ::-1])], "RGB"),
        ([("Sub", MEAN), ("Div", DEVIATION)], "RGB"),
        ([("Add", -MEAN[:, ::-1])], "BGR"),
        ([("Sub", each_channel(0.1, 0.5, 0.9))], None),
        ([("Div", 255)], None),
    ],
)
def test_the_means_of_imagenet_tell_the_order_of_colours(
    steps: list[tuple[str, object]], expected: str | None
) -> None:
    assert ends(*steps, CONV).input_channels() == expected
