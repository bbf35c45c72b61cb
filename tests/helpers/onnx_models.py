"""ONNX models of one node, as another program may write them."""

from pathlib import Path

import pytest
from onnx import ModelProto, TensorProto, helper

from limner.errors import LimnerError
from limner.look.look import read_look


def image_model(
    output_shape: list[int | str],
    *,
    input_shape: list[int | str] | None = None,
    dtype: int = TensorProto.FLOAT,
) -> ModelProto:
    """A graph from an image, by default (1, 3, 64, 64), to an output of the given shape."""
    nodes = [helper.make_node("Relu", ["input"], ["output"])]
    shape = input_shape or [1, 3, 64, 64]
    if output_shape != shape:
        nodes = [
            helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["output"]),
        ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", dtype, shape)],
        [helper.make_tensor_value_info("output", dtype, output_shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def refusal(content: bytes) -> str:
    """The one sentence with which these bytes are refused as a look."""
    with pytest.raises(LimnerError) as error:
        read_look(content, Path("clouds.onnx"))
    sentence = str(error.value)
    assert sentence.startswith("clouds.onnx ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence
