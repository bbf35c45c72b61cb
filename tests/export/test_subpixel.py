"""The bench's look without transposed convolutions paints the same as the look."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from helpers.looks import edge_padded_bytes, graph, look_file, recipe
from limner.errors import LimnerError
from limner.export.subpixel import with_subpixel_convs
from limner.look.look import open_look
from limner.look.session import make_session


def paint(content: bytes, path: Path) -> list[np.ndarray]:
    image = np.random.default_rng(2).random((1, 3, 64, 64), dtype=np.float32)
    found: list[np.ndarray] = make_session(content, path).run(["painting", "guide"], {"image": image})
    return found


def test_a_look_paints_the_same_without_doubled_images(tmp_path: Path) -> None:
    look = open_look(look_file(tmp_path))
    rewritten = with_subpixel_convs(look.model)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert {"Resize", "Pad", "DequantizeLinear"}.isdisjoint(kinds)
    assert kinds.count("Conv") == 4 + 10  # of the guide and of the network
    assert [value.name for value in rewritten.graph.input] == ["image"]
    onnx.checker.check_model(rewritten, full_check=True)
    found = paint(rewritten.SerializeToString(), look.path)
    for painting, right in zip(found, paint(look.content, look.path), strict=True):
        np.testing.assert_allclose(painting, right, rtol=0, atol=1e-5)


def test_paints_the_same_without_transposed_convolutions(tmp_path: Path) -> None:
    model = graph(recipe(upsampling="transposed"))
    rewritten = with_subpixel_convs(model)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert "ConvTranspose" not in kinds
    assert kinds.count("Conv") == 4 + 12
    found, expected = (paint(one.SerializeToString(), tmp_path) for one in (rewritten, model))
    for painting, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(painting, right, rtol=0, atol=1e-5)


def test_paints_the_same_without_doubled_images_whose_edge_is_repeated(tmp_path: Path) -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(edge_padded_bytes()))
    rewritten = with_subpixel_convs(model)
    assert {"Resize", "Pad"}.isdisjoint(node.op_type for node in rewritten.graph.node)
    x = {"x": np.random.default_rng(2).random((1, 3, 32, 32), dtype=np.float32)}
    sessions = [make_session(one.SerializeToString(), tmp_path) for one in (rewritten, model)]
    found, expected = (session.run(["y"], x)[0] for session in sessions)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_missing_stride_is_refused_with_the_nodes_name() -> None:
    model = onnx.ModelProto.FromString(graph(recipe(upsampling="transposed")).SerializeToString())
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
    model = onnx.ModelProto.FromString(graph(recipe(upsampling="transposed")).SerializeToString())
    node = next(node for node in model.graph.node if node.name == "up.1.conv")
    others = [entry for entry in node.attribute if entry.name != attribute]
    del node.attribute[:]
    node.attribute.extend([*others, onnx.helper.make_attribute(attribute, value)])
    with pytest.raises(LimnerError, match=r"up\.1\.conv is not a transposed convolution"):
        with_subpixel_convs(model)
