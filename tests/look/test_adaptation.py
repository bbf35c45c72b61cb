"""Networks of every picture format become looks that paint what they are made to paint."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from e2e.tiny import classifier, tiny_look
from helpers.adapting import adapt, refusal
from helpers.pictures import CORES, core, paint, wrap
from helpers.strangers import RELU, network
from limner.look.adaptation import Adapted, open_network
from limner.look.format_trial import draw_test_picture
from limner.look.look import read_look
from limner.look.picture_format import (
    GREY,
    PLAIN,
    RANGES,
    Channels,
    FormatOptions,
    Formats,
    Layout,
    PictureFormat,
)

CASES = Path(__file__).parents[3] / "shared/cases"

SIDE = 64

LAYOUTS: tuple[Layout, ...] = ("NCHW", "NHWC")
CHANNELS: tuple[tuple[Channels, Channels], ...] = (
    ("RGB", "RGB"),
    ("RGB", "BGR"),
    ("grey", "grey"),
    ("RGBA", "RGBA"),
    ("grey", "RGB"),
    ("RGB", "grey"),
)
FOUND = 0.9
"""How many of all formats are found without a word. All others take -1..1, and are not called sure."""


def scene() -> np.ndarray:
    """A picture that is not the one that ranges are tried with."""
    return draw_test_picture(SIDE, SIDE)[::-1, :, [1, 2, 0]].copy()


def error_of(adapted: Adapted, name: str, formats: Formats) -> float:
    """Mean difference of a painting from what the core itself paints."""
    image = scene()
    luma = np.array(GREY, np.float32)
    shown = (image @ luma)[..., None].repeat(3, -1) if formats.input.channels == "grey" else image
    expected = paint(core(name), shown)
    if formats.output.channels == "grey":
        expected = (expected @ luma)[..., None].repeat(3, -1)
    return float(np.abs(adapted.look.paint(image) - expected.clip(0, 1)).mean())


@pytest.mark.parametrize("channels", [*CHANNELS, ("BGR", "RGB"), ("BGR", "BGR")])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_what_is_said_is_converted_exactly(
    name: str, layout: Layout, channels: tuple[Channels, Channels]
) -> None:
    for source, target in product(RANGES, RANGES):
        formats = Formats(
            PictureFormat(source, layout, channels[0]), PictureFormat(target, layout, channels[1])
        )
        said = FormatOptions((source, target), (layout, layout), channels)
        adapted = adapt(wrap(core(name), formats), said)
        assert adapted.look.formats == formats
        assert list(adapted.sentences()) == []
        assert error_of(adapted, name, formats) < 1e-5


def test_nearly_all_formats_are_found_and_no_other_is_called_sure() -> None:
    found, sure = 0, 0
    cases = list(product(CORES, RANGES, RANGES, LAYOUTS, CHANNELS))
    for name, source, target, layout, (given, made) in cases:
        formats = Formats(PictureFormat(source, layout, given), PictureFormat(target, layout, made))
        adapted = adapt(wrap(core(name), formats))
        assert (adapted.look.formats.input.layout, adapted.look.formats.output.layout) == (layout, layout)
        is_right = error_of(adapted, name, formats) < 0.02
        found += is_right
        sure += adapted.is_sure
        assert is_right or (source == "-1..1" and not adapted.is_sure), (name, formats, adapted)
    assert found >= FOUND * len(cases)
    assert sure >= 0.5 * len(cases), "not all findings are doubted"


def test_a_look_of_ours_stays_as_it_is() -> None:
    content = tiny_look("own")
    adapted = adapt(content)
    assert adapted.look.content == content
    assert list(adapted.sentences()) == []


def test_another_programs_network_in_0_to_1_stays_as_it_is() -> None:
    content = tiny_look(bare=True)
    adapted = adapt(content)
    assert (adapted.look.content, adapted.look.formats) == (content, PLAIN)


def test_a_converted_file_is_a_look_of_its_own() -> None:
    form = PictureFormat("0..255", "NHWC", "RGB")
    first = adapt(wrap(core("sigmoid"), Formats(form, form)))
    again = adapt(first.look.content)
    assert again.look.content == first.look.content
    assert again.look.formats == first.look.formats == Formats(form, form)
    assert read_look(first.look.content, Path("a.onnx")).pixels == SIDE
    (sentence,) = first.sentences()
    assert sentence.startswith("stranger.onnx takes and gives 0..255, NHWC; it is converted. ")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"input": {"range": []}, "output": {}}', "[" * 9000])
def test_a_damaged_property_is_passed_over(text: str) -> None:
    model = onnx.load_from_string(network(RELU))
    helper.set_model_props(model, {"picture_format": text})
    assert adapt(model.SerializeToString()).look.formats == PLAIN


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 17])
@pytest.mark.parametrize(
    ("kind", "number"), [(TensorProto.UINT8, np.uint8), (TensorProto.FLOAT16, np.float16)]
)
def test_other_floats_and_bytes_are_cast(kind: int, number: type, opset: int) -> None:
    made = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "same",
        [helper.make_tensor_value_info("x", kind, [1, 16, 16, 3])],
        [helper.make_tensor_value_info("y", kind, [1, 16, 16, 3])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    adapted = adapt(model.SerializeToString())
    image = draw_test_picture(16, 16)
    expected = np.floor(image * np.float32(255) + np.float32(0.5)) / 255 if number is np.uint8 else image
    np.testing.assert_allclose(adapted.look.paint(image), expected, atol=1e-3)


@pytest.mark.parametrize("ir_version", [3, 8])
def test_names_that_the_network_has_are_not_made_again(ir_version: int) -> None:
    """All names that a conversion makes are in the network that is converted, as those of its constants."""
    form = PictureFormat("0..255", "NHWC", "BGR")
    content = wrap(core("sigmoid"), Formats(form, form))
    options = FormatOptions(("0..255", "0..255"), ("NHWC", "NHWC"), ("BGR", "BGR"))
    made = onnx.load_from_string(adapt(content, options).look.content)
    before = onnx.load_from_string(content)
    known = {name for node in before.graph.node for name in [*node.input, *node.output]}
    new = {name for node in made.graph.node for name in [*node.input, *node.output]} - known
    assert {"image", "painting", "image.conv", "image.conv.0"} <= new
    for name in new:
        before.graph.initializer.append(numpy_helper.from_array(np.array(7, np.float32), name))
    before.ir_version = ir_version
    if ir_version < 4:
        before.graph.input.extend(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            for tensor in before.graph.initializer
        )
    adapted = adapt(before.SerializeToString(), options)
    assert error_of(adapted, "sigmoid", Formats(form, form)) < 1e-5


def test_two_pictures_are_the_same_one() -> None:
    nodes = [helper.make_node("Mul", ["x", "half"], ["a"]), helper.make_node("Mul", ["z", "half"], ["b"])]
    nodes.append(helper.make_node("Add", ["a", "b"], ["y"]))
    content = network(nodes, other_inputs=("z",), constants={"half": np.float32(0.5)})
    adapted = adapt(content, FormatOptions(range=("0..1", "0..1")))
    image = draw_test_picture(32, 32)
    np.testing.assert_allclose(adapted.look.paint(image), image, atol=1e-6)
    assert "takes 2 pictures; all of them get the same one" in " ".join(adapted.sentences())


def test_the_first_output_that_is_a_picture_is_painted() -> None:
    model = onnx.load_from_string(network([*RELU, helper.make_node("GlobalAveragePool", ["x"], ["mean"])]))
    mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 3, 1, 1])
    model.graph.output.insert(0, mean)
    adapted = adapt(model.SerializeToString())
    image = draw_test_picture(32, 32)
    np.testing.assert_allclose(adapted.look.paint(image), image, atol=1e-6)
    assert list(adapted.sentences()) == ["stranger.onnx has 2 outputs; y is the first picture."]


def with_output(shape: list[int], name: str = "y") -> bytes:
    """A network from a picture to values of this shape."""
    made = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
            helper.make_node("Expand", ["mean", "shape"], [name]),
        ],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.array(shape), "shape")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def with_classes() -> bytes:
    """A network from a picture to the number of a class for each pixel: int64, 1 x 1 x 32 x 32."""
    model = onnx.load_from_string(network([helper.make_node("ArgMax", ["x"], ["y"], axis=1)]))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.INT64, [1, 1, 32, 32]))
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (classifier(), "seems to name what is in a picture (10 classes); it makes no picture"),
        (with_output([1, 1000]), "seems to name what is in a picture (1,000 classes)"),
        (with_output([1, 1000, 1, 1]), "seems to name what is in a picture (1,000 classes)"),
        (with_output([1, 1]), "gives one number for a picture; it makes no picture"),
        (with_output([1, 84, 8400]), "seems to find things in a picture and to give boxes around them"),
        (with_output([1, 100, 4]), "seems to find things in a picture"),
        (with_output([1, 100], "detection_scores"), "seems to find things in a picture"),
        (with_output([1, 21, 32, 32]), "seems to name what each part of a picture shows (21 classes)"),
        (with_output([1, 17, 8, 8], "heatmaps"), "seems to find points in a picture"),
        (with_output([1, 512], "embedding"), "seems to describe a picture by 512 numbers"),
        (with_output([1, 2, 32, 32]), "seems to name what each part of a picture shows (2 classes)"),
        (with_classes(), "seems to name what each part of a picture shows; it makes no picture"),
    ],
)
def test_networks_that_make_no_picture_are_told_by_what_they_do(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


def with_inputs(*inputs: tuple[str, int, list[int | str]]) -> bytes:
    """A network whose output is its first input."""
    values = [helper.make_tensor_value_info(*one) for one in inputs]
    made = helper.make_graph(
        [helper.make_node("Identity", [inputs[0][0]], ["y"])],
        "other",
        values,
        [helper.make_tensor_value_info("y", *inputs[0][1:])],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


PICTURE: tuple[str, int, list[int | str]] = ("x", TensorProto.FLOAT, [1, 3, 32, 32])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            with_inputs(("ids", TensorProto.INT64, [1, "length"])),
            "is no network on pictures: it takes 'ids', 1 x ? in int64",
        ),
        (with_inputs(("x", TensorProto.FLOAT, [1, 5, 32, 32])), "it takes 'x', 1 x 5 x 32 x 32 in float"),
        (
            with_inputs(PICTURE, ("mask", TensorProto.FLOAT, [1, 1, 32, 32])),
            "takes more than a picture: its input 'mask' is 1 x 1 x 32 x 32 in float",
        ),
        (with_inputs(PICTURE, ("z", TensorProto.FLOAT, [1, 8])), "its input 'z' is 1 x 8 in float"),
    ],
)
def test_other_inputs_are_told_by_their_names(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


def test_what_is_said_must_fit_the_shapes() -> None:
    content = network(RELU)
    assert "takes 1 x 3 x 32 x 32 in float, which is not NHWC" in refusal(
        content, FormatOptions(layout=("NHWC", "NHWC"))
    )
    assert "takes pictures of 3 channels, which are not grey" in refusal(
        content, FormatOptions(channels=("grey", "RGB"))
    )
    assert "gives pictures of 3 channels, which are not RGBA" in refusal(
        content, FormatOptions(channels=("RGB", "RGBA"))
    )


def test_a_network_that_fails_says_so() -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    sentence = refusal(network(nodes, sides=("h", "w"), constants={"shape": np.array([1, 3, 8, 8])}))
    assert "cannot paint 256 pixels: " in sentence


@pytest.mark.skipif(not CASES.exists(), reason="the cases of strangers are not at hand")
def test_cases_of_strangers() -> None:
    adapted = open_network(CASES / "range-0-255.onnx")
    assert adapted.look.formats.describe() == "takes and gives 0..255"
    assert adapted.is_sure
    painting = adapted.look.paint(draw_test_picture(64, 64))
    assert np.mean(painting > 0.99) < 0.1, "it is not white"
    assert open_network(CASES / "dynamic-size.onnx").look.pixels == 256
    assert open_network(CASES / "dynamic-size.onnx", FormatOptions(pixels=192)).look.pixels == 192
