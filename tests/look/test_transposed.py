"""ONNX Runtime paints the same from transposed convolutions as from convolutions of doubled images."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

from helpers.looks import edge_padded_bytes, graph, recipe
from limner.look.session import make_session
from limner.look.transposed import with_transposed_convs


def run(model: ModelProto, image: np.ndarray) -> list[np.ndarray]:
    session = make_session(model.SerializeToString(), Path("model.onnx"))
    outputs: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: image})
    return outputs


@pytest.mark.parametrize(
    ("model", "side", "pads"),
    [
        (graph(recipe("small")), 64, {1}),
        (graph(recipe()), 64, {3}),
        (onnx.load_from_string(edge_padded_bytes()), 32, {3}),
    ],
    ids=["zeros beyond the border", "lean", "edge repeated"],
)
def test_the_same_painting_without_doubled_images(model: ModelProto, side: int, pads: set[int]) -> None:
    image = np.random.default_rng(2).random((1, 3, side, side), dtype=np.float32)
    rewritten = with_transposed_convs(model)
    onnx.checker.check_model(rewritten)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert "Resize" not in kinds
    transposed = [node for node in rewritten.graph.node if node.op_type == "ConvTranspose"]
    assert len(transposed) == sum(node.op_type == "Resize" for node in model.graph.node) > 0
    assert {entry.ints[0] for node in transposed for entry in node.attribute if entry.name == "pads"} == pads
    for found, right in zip(run(rewritten, image), run(model, image), strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-5)


def test_a_look_without_doubled_images_stays_as_it_is() -> None:
    model = graph(recipe(upsampling="transposed"))
    assert with_transposed_convs(model).graph.node == model.graph.node
