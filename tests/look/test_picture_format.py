"""The form of a picture: what people write, and what becomes of a picture's values."""

import numpy as np
import pytest

from limner.errors import LimnerError
from limner.look.picture_format import FormatOptions, Formats, PictureFormat, read_options

IMAGE = np.random.default_rng(0).random((4, 5, 3), dtype=np.float32)


@pytest.mark.parametrize("channels", ["RGB", "BGR", "RGBA"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("name", ["0..1", "-1..1", "0..255"])
def test_a_picture_comes_back(name: str, layout: str, channels: str) -> None:
    form = PictureFormat(name, layout, channels)  # type: ignore[arg-type]
    values = form.encode(IMAGE)
    count = form.channel_count
    assert values.shape == ((1, count, 4, 5) if layout == "NCHW" else (1, 4, 5, count))
    np.testing.assert_allclose(form.decode(values), IMAGE, atol=1e-6)


def test_bgr_begins_with_blue_and_alpha_is_opaque() -> None:
    np.testing.assert_array_equal(PictureFormat(channels="BGR").encode(IMAGE)[0, 0], IMAGE[..., 2])
    alpha = PictureFormat("0..255", "NHWC", "RGBA").encode(IMAGE)[0, ..., 3]
    np.testing.assert_array_equal(alpha, 255)


def test_grey_is_the_luma() -> None:
    grey = PictureFormat("-1..1", channels="grey").encode(IMAGE)
    luma = IMAGE @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(grey[0, 0], 2 * luma - 1, atol=1e-6)
    np.testing.assert_allclose(
        PictureFormat("-1..1", channels="grey").decode(grey)[..., 1], luma, atol=1e-6
    )


def test_options_are_words_or_pairs_in_any_case() -> None:
    options = read_options(range="-1..1:0..1", layout="nhwc", channels="rgb:Grey", pixels="320")
    assert options == FormatOptions(("-1..1", "0..1"), ("NHWC", "NHWC"), ("RGB", "grey"), 320)


@pytest.mark.parametrize(
    ("text", "pixels"), [("320", 320), ("512x384", (384, 512)), ("320X320", (320, 320)), ("9×16", (16, 9))]
)
def test_pixels_are_a_side_or_width_by_height(text: str, pixels: int | tuple[int, int]) -> None:
    """What is read has the height first, as arrays do."""
    assert read_options(range=None, layout=None, channels=None, pixels=text).pixels == pixels


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"range": "0-255"}, "--range is '0-255'; it is one of 0..1, -1..1, 0..255, or two of them"),
        ({"range": "0..1:0..1:0..1"}, "--range is"),
        ({"layout": "CHW"}, "--layout is 'CHW'; it is one of NCHW, NHWC"),
        ({"channels": ""}, "--channels is ''"),
        ({"pixels": "0"}, "--pixels is 0; it must be 1 or more"),
        ({"pixels": "512x0"}, "--pixels is 512x0; it must be 1 or more"),
        (
            {"pixels": "-5"},
            "--pixels is '-5'; it is a side, such as 320, or width and height, such as 512x",
        ),
        ({"pixels": "512x"}, "--pixels is '512x'; it is a side"),
        ({"pixels": "512x384x3"}, "--pixels is '512x384x3'; it is a side"),
        ({"pixels": "wide"}, "--pixels is 'wide'; it is a side"),
        ({"pixels": "9" * 5000}, "--pixels is '999"),
    ],
)
def test_other_words_are_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence.replace("?", "")):
        read_options(**{"range": None, "layout": None, "channels": None, "pixels": None} | given)


def test_formats_are_described() -> None:
    form = PictureFormat("0..255", "NHWC", "BGR")
    assert Formats(form, form).describe() == "takes and gives 0..255, NHWC, BGR"
    assert Formats(form).describe() == "takes 0..255, NHWC, BGR and gives 0..1"
