"""Conversion to NHWC: unsupported nodes are refused.

test_tfjs.py and test_tflite.py compare the paintings.
"""

from __future__ import annotations

from typing import Any

import onnx
import pytest

from helpers.looks import graph, recipe
from limner.errors import LimnerError
from limner.export.nhwc.graph import to_nhwc

CASES: dict[str, tuple[str, Any, str]] = {
    "another operator": (
        "op_type",
        "Softplus",
        r"tanh \(Softplus\) cannot be written for TensorFlow: Softplus",
    ),
    "groups": ("group", 2, r"down\.1\.conv \(Conv\) cannot be written .*only plain 2-D"),
    "uneven padding": ("pads", [0, 0, 2, 2], r"up\.1\.conv \(ConvTranspose\) cannot .*its pads"),
    "another resizing": ("nearest_mode", "ceil", r"up\.1\.conv\.resize \(Resize\) cannot .*repeats pixels"),
}
NODES = {
    "op_type": "tanh",
    "group": "down.1.conv",
    "pads": "up.1.conv",
    "nearest_mode": "up.1.conv.resize",
}


@pytest.mark.parametrize("case", CASES)
def test_an_unsupported_node_is_refused_by_name(case: str) -> None:
    attribute, value, sentence = CASES[case]
    the_recipe = recipe(upsampling="transposed" if attribute == "pads" else "nearest")
    model = onnx.ModelProto.FromString(graph(the_recipe).SerializeToString())
    node = next(node for node in model.graph.node if node.name == NODES[attribute])
    if attribute == "op_type":
        node.op_type = value
    else:
        kept = [entry for entry in node.attribute if entry.name != attribute]
        del node.attribute[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute(attribute, value)])
    with pytest.raises(LimnerError, match=sentence):
        to_nhwc(model, live=True)
