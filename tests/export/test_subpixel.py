"""The bench's look without transposed convolutions paints the same as the look."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from helpers.looks import graph, look_file, recipe
from limner.errors import LimnerError
from limner.export.subpixel import with_subpixel_convs
from limner.look.look import open_look
from limner.look.session import make_session


def test_paints_the_same_without_transposed_convolutions(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    rewritten = with_subpixel_convs(look.model)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert {"ConvTranspose", "DequantizeLinear"}.isdisjoint(kinds)
    assert kinds.count("Conv") == 4 + 10  # of the guide and of the network
    assert [value.name for value in rewritten.graph.input] == ["image"]
    onnx.checker.check_model(rewritten, full_check=True)
    image = np.random.default_rng(2).random((1, 3, 64, 64), dtype=np.float32)
    names = ["painting", "guide"]
    found = make_session(rewritten.SerializeToString(), look.path).run(names, {"image": image})
    expected = look.session().run(names, {"image": image})
    for painting, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(painting, right, rtol=0, atol=1e-5)


def test_a_missing_stride_is_refused_with_the_nodes_name() -> None:
    model = onnx.ModelProto.FromString(graph(recipe()).SerializeToString())
    node = next(node for node in model.graph.node if node.name == "up.1.conv")
    del next(entry for entry in node.attribute if entry.name == "strides").ints[:]
    with pytest.raises(LimnerError, match=r"up\.1\.conv is not a transposed convolution"):
        with_subpixel_convs(model)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("group", 2),
        ("dilations", [2, 2]),
        ("output_padding", [1, 1]),
        ("output_shape", [64, 64]),
        ("auto_pad", "SAME_UPPER"),
    ],
)
def test_unsupported_attributes_are_refused(attribute: str, value: object) -> None:
    model = onnx.ModelProto.FromString(graph(recipe()).SerializeToString())
    node = next(node for node in model.graph.node if node.name == "up.1.conv")
    others = [entry for entry in node.attribute if entry.name != attribute]
    del node.attribute[:]
    node.attribute.extend([*others, onnx.helper.make_attribute(attribute, value)])
    with pytest.raises(LimnerError, match=r"up\.1\.conv is not a transposed convolution"):
        with_subpixel_convs(model)
