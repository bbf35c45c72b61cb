"""ONNX Runtime paints the same from transposed convolutions as from convolutions of doubled images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from helpers.looks import edge_padded_bytes, graph, recipe
from limner.look.session import make_session
from limner.look.transposed import with_transposed_convs

Array = NDArray[np.floating[Any]]


def run(model: ModelProto, image: Array) -> list[Array]:
    session = make_session(model.SerializeToString(), Path("model.onnx"))
    outputs: list[Array] = session.run(None, {session.get_inputs()[0].name: image})
    return outputs


@pytest.mark.parametrize(
    ("make", "side", "pads"),
    [
        (lambda: graph(recipe("small")), 64, {1}),
        (lambda: graph(recipe()), 64, {3}),
        (lambda: onnx.load_from_string(edge_padded_bytes()), 32, {3}),
    ],
    ids=["zeros beyond the border", "lean", "edge repeated"],
)
def test_the_same_painting_without_doubled_images(
    make: Callable[[], ModelProto], side: int, pads: set[int]
) -> None:
    model = make()
    image = np.random.default_rng(2).random((1, 3, side, side), dtype=np.float32)
    rewritten = with_transposed_convs(model)
    onnx.checker.check_model(rewritten)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert "Resize" not in kinds
    transposed = [node for node in rewritten.graph.node if node.op_type == "ConvTranspose"]
    assert len(transposed) == sum(node.op_type == "Resize" for node in model.graph.node) > 0
    found_pads = [entry.ints[0] for node in transposed for entry in node.attribute if entry.name == "pads"]
    assert set(found_pads) == pads
    for found, right in zip(run(rewritten, image), run(model, image), strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-5)


def test_a_look_without_doubled_images_stays_as_it_is() -> None:
    model = graph(recipe(upsampling="transposed"))
    assert with_transposed_convs(model) is model


def doubling(dtype: str, *before: NodeProto, opset: int = 17) -> ModelProto:
    """A network that doubles `d`, or `x` itself, by nearest neighbour and a 3x3 convolution."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    weight = numpy_helper.from_array(np.full((1, 1, 3, 3), 0.1, dtype), "w")
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    modes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nodes = [
        *before,
        helper.make_node("Resize", ["d" if before else "x", "", "scales"], ["r"], **modes),
        helper.make_node("Conv", ["r", "w"], ["y"], pads=[1, 1, 1, 1]),
    ]
    image, painted = (
        helper.make_tensor_value_info(name, kind, [1, 1, side, side]) for name, side in (("x", 4), ("y", 8))
    )
    inner = helper.make_graph(nodes, "g", [image], [painted], [weight, scales])
    return helper.make_model(inner, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def test_half_precision_stays_as_it_is() -> None:
    model = doubling("float16")
    assert with_transposed_convs(model) is model
    assert "Resize" not in {node.op_type for node in with_transposed_convs(doubling("float32")).graph.node}


def test_a_value_that_only_an_inner_graph_reads_is_kept() -> None:
    constants = [
        helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("t", TensorProto.BOOL, [], [1])),
        helper.make_node("Tanh", ["x"], ["t"]),
    ]
    out = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
    branch = helper.make_graph([helper.make_node("Neg", ["t"], ["o"])], "b", [], [out])
    choice = helper.make_node("If", ["yes"], ["d"], then_branch=branch, else_branch=branch)
    model = doubling("float32", *constants, choice)
    image = np.ones((1, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(run(with_transposed_convs(model), image)[0], run(model, image)[0])


def test_padding_of_old_opsets_has_its_pads_as_an_attribute() -> None:
    nodes = [
        helper.make_node("Pad", ["x"], ["p"], mode="edge", pads=[0, 0, 1, 1, 0, 0, 1, 1]),
        helper.make_node("Conv", ["p", "w"], ["y"]),
    ]
    image, painted = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 4, 4]) for name in "xy")
    weight = numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")
    graph_of_it = helper.make_graph(nodes, "g", [image], [painted], [weight])
    model = helper.make_model(graph_of_it, opset_imports=[helper.make_opsetid("", 10)], ir_version=5)
    assert with_transposed_convs(model) is model
