"""Networks of open sizes paint the size that is said, or one that they take."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from helpers.adapting import adapt, refusal
from helpers.strangers import RELU, encoder_decoder, network
from limner.look.format_trial import draw_test_picture
from limner.look.picture_format import FormatOptions


def test_a_network_that_takes_any_size_takes_the_one_that_is_said() -> None:
    content = network(RELU, sides=("h", "w"))
    assert adapt(content).look.pixels == 256
    assert adapt(content, FormatOptions(pixels=320)).look.pixels == 320
    assert "4,096" in refusal(content, FormatOptions(pixels=5000))
    assert "takes pictures of 32 pixels only: leave out --pixels" in refusal(
        network(RELU), FormatOptions(pixels=64)
    )


def multiples_of(number: int) -> bytes:
    """A network of any size that is a multiple: it takes the picture apart into blocks and adds them."""
    nodes = [
        helper.make_node("SpaceToDepth", ["x"], ["a"], blocksize=number),
        helper.make_node("DepthToSpace", ["a"], ["y"], blocksize=number),
    ]
    return network(nodes, sides=("h", "w"))


def test_the_multiple_that_a_network_takes_is_found() -> None:
    assert adapt(multiples_of(32)).look.pixels == 256
    assert adapt(multiples_of(7)).look.pixels == 224


@pytest.mark.parametrize(
    ("multiple", "pixels", "sentence"),
    [
        (32, 300, "does not take 300 pixels, but 288 and 320: add --pixels 288"),
        (32, 320, ""),
        (32, (384, 512), ""),
        (
            32,
            (380, 512),
            "does not take 512 x 380 pixels, but 512 x 384 and 512 x 352: add --pixels 512x384",
        ),
        (8, (100, 90), "does not take 90 x 100 pixels, but 88 x 96 and 88 x 104: add --pixels 88x96"),
        (24, (250, 250), "does not take 250 pixels, but 240 and 264 x 240: add --pixels 240"),
        (64, 20, "does not take 20 pixels, but 64: add --pixels 64"),
        (
            64,
            (4090, 64),
            "does not take 64 x 4090 pixels, but 64 x 4096 and 64 x 4032: add --pixels 64x4096",
        ),
    ],
)
def test_the_nearest_sizes_are_named(multiple: int, pixels: int | tuple[int, int], sentence: str) -> None:
    """Sizes are height and width here, and width by height for people."""
    content, options = multiples_of(multiple), FormatOptions(pixels=pixels)
    if sentence:
        assert refusal(content, options) == f"stranger.onnx {sentence}."
    else:
        height, width = (pixels, pixels) if isinstance(pixels, int) else pixels
        look = adapt(content, options).look
        assert look.shape == (height, width)
        image = draw_test_picture(height, width)
        np.testing.assert_allclose(look.paint(image), image, atol=1e-6)


def test_a_size_that_the_network_enlarges_is_not_taken() -> None:
    content = encoder_decoder()
    assert adapt(content).look.shape == (256, 256)
    assert adapt(content, FormatOptions(pixels=(144, 256))).look.shape == (144, 256)
    assert refusal(content, FormatOptions(pixels=(150, 256))) == (
        "stranger.onnx does not take 256 x 150 pixels, but 256 x 152 and 256 x 144: add --pixels 256x152."
    )


def test_one_open_side() -> None:
    content = encoder_decoder((128, "w"))
    assert adapt(content).look.shape == (128, 128)
    assert adapt(content, FormatOptions(pixels=320)).look.shape == (128, 320)
    assert adapt(content, FormatOptions(pixels=(128, 320))).look.shape == (128, 320)
    assert "does not take 300 x 128 pixels, but 296 x 128 and 304 x 128: add --pixels 296x128" in refusal(
        content, FormatOptions(pixels=300)
    )
    assert "takes pictures with a height of 128 pixels only: add --pixels 320x128" in refusal(
        content, FormatOptions(pixels=(320, 320))
    )


def test_a_network_of_several_sizes_says_which_one_it_paints() -> None:
    (sentence,) = adapt(network(RELU, sides=("h", "w"))).sentences()
    assert sentence == (
        "stranger.onnx takes pictures of several sizes; it paints 256 pixels. Choose another size with "
        "--pixels, as one side or as WIDTHxHEIGHT."
    )
    assert list(adapt(network(RELU, sides=("h", "w")), FormatOptions(pixels=64)).sentences()) == []


def test_open_sizes_with_channels_last() -> None:
    shape: list[int | str] = ["n", "h", "w", 3]
    made = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "open",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    adapted = adapt(model.SerializeToString(), FormatOptions(pixels=96))
    assert adapted.look.formats.input.layout == "NHWC"
    image = draw_test_picture(96, 96)
    np.testing.assert_allclose(adapted.look.paint(image), image, atol=1e-6)


def test_pictures_that_are_not_square() -> None:
    adapted = adapt(network(RELU, sides=(48, 64)))
    assert (adapted.look.shape, adapted.look.pixels) == ((48, 64), 64)
    image = draw_test_picture(48, 64)
    np.testing.assert_allclose(adapted.look.paint(image), image, atol=1e-6)
