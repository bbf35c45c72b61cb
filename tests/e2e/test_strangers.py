"""Another program's network that is dropped on the page: its format is found, said, and can be changed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from e2e.harness import MARKS, Visit, make_site, serve
from e2e.tiny import classifier
from helpers.pictures import core, paint, wrap
from helpers.strangers import RELU, encoder_decoder, network
from limner.data.arrays import center_crop
from limner.look.format_trial import draw_test_picture
from limner.look.picture_format import Formats, PictureFormat

pytestmark = MARKS

SIDE = 64


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another scene than the one that ranges are tried with, twice as large as the network's picture."""
    values = draw_test_picture(2 * SIDE, 2 * SIDE)[::-1, :, [1, 2, 0]]
    path = tmp_path_factory.mktemp("pictures") / "scene.png"
    Image.fromarray((values * 255).round().astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module", params=["wasm", "webgpu", "webgl2"])
def page(request: pytest.FixtureRequest, picture: Path, tmp_path_factory: Any) -> Iterator[Visit]:
    """A page that paints the picture."""
    folder = tmp_path_factory.mktemp("strangers")
    make_site(folder, names=("Tiny",))
    browser = request.getfixturevalue("browser" if request.param == "wasm" else "gpu_browser")
    with serve(folder) as url:
        opened = Visit(browser, viewport={"width": 900, "height": 700}).open(
            f"{url}?backend={request.param}"
        )
        opened.page.set_input_files("#file-picture", str(picture))
        opened.page.wait_for_selector("#source-picture[aria-pressed=true]", state="attached")
        yield opened
        opened.context.close()


def dropped(page: Visit, name: str, content: bytes) -> str:
    """What the page says of a file once it paints with it."""
    page.drop(f"{name}.onnx", content)
    page.wait_for_look(name)
    page.page.wait_for_selector("#loading", state="hidden")
    return str(page.page.inner_text("#status"))


def unexpected(page: Visit) -> list[str]:
    """The page's problems, without what Chromium says of WebGL where a painting is saved or replaced."""
    usual = ("GPU stall due to ReadPixels", "Too many active WebGL contexts")
    return [problem for problem in page.problems if not any(words in problem for words in usual)]


def expected(name: str, picture: Path) -> np.ndarray:
    with Image.open(picture) as image:
        return paint(core(name), center_crop(image.convert("RGB"), SIDE)).clip(0, 1)


FOUND = [
    ("sigmoid", PictureFormat("0..255"), PictureFormat("0..255")),
    ("relu", PictureFormat("-1..1", "NHWC"), PictureFormat("-1..1", "NHWC")),
    ("warm", PictureFormat("0..255"), PictureFormat("0..255")),
    ("tanh", PictureFormat("0..1", "NHWC"), PictureFormat("-1..1", "NHWC")),
    ("sigmoid", PictureFormat("0..255", channels="RGBA"), PictureFormat("0..1")),
]


@pytest.mark.parametrize(("number", "case"), list(enumerate(FOUND)))
def test_the_format_of_a_dropped_network_is_found(
    page: Visit, picture: Path, number: int, case: tuple[str, PictureFormat, PictureFormat]
) -> None:
    name, source, target = case
    formats = Formats(source, target)
    said = dropped(page, f"{name}{number}", wrap(core(name), formats))
    assert f"This network {formats.describe()}" in said
    want = expected(name, picture)
    page.wait_for_match(lambda seen: float(np.abs(seen - want).mean()) < 0.02, "the core's own painting")
    assert page.page.is_hidden("#alert")
    assert unexpected(page) == []


def test_what_was_found_can_be_changed(page: Visit, picture: Path) -> None:
    form = PictureFormat("0..255", "NHWC", "BGR")
    dropped(page, "order", wrap(core("relu"), Formats(form, form)))
    page.page.click("#look-button")
    page.page.get_by_label("Colours it takes").select_option("BGR")
    page.page.wait_for_selector("#status:has-text('takes 0..255, NHWC, BGR and gives 0..255, NHWC')")
    page.page.get_by_label("Colours it gives").select_option("BGR")
    page.page.wait_for_selector("#status:has-text('takes and gives 0..255, NHWC, BGR')")
    want = expected("relu", picture)
    page.wait_for_match(lambda seen: float(np.abs(seen - want).mean()) < 0.02, "the colours in their order")
    page.page.get_by_label("Values it gives").select_option("0..1")
    page.wait_for_match(lambda seen: float(seen.mean()) > 0.9, "a white painting")
    page.page.keyboard.press("Escape")
    page.choose("Tiny")
    assert page.page.locator("#format-form").count() == 0
    assert unexpected(page) == []


def test_the_layout_can_be_changed_where_the_shape_allows_two(page: Visit) -> None:
    model = onnx.load_from_string(network(RELU))
    for value in (model.graph.input[0], model.graph.output[0]):
        value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.FLOAT, ["n", "a", "b", "c"]))
    dropped(page, "layouts", model.SerializeToString())
    page.page.click("#look-button")
    assert options(page, "Layout") == ["NCHW", "NHWC"]
    choose(page, "Layout", "NHWC")
    assert "NHWC" in page.page.inner_text("#status")
    choose(page, "Size", "128 × 128 px")
    assert select(page, "Layout").input_value() == "NHWC"
    page.page.keyboard.press("Escape")
    assert unexpected(page) == []


def select(page: Visit, name: str) -> Any:
    """A choice by the name that a screen reader gives it."""
    return page.page.get_by_role("combobox", name=name, exact=True)


def choose(page: Visit, label: str, option: str) -> None:
    """Choose in the form of the panel, which is open, and wait until the page paints so."""
    select(page, label).select_option(option)
    page.page.wait_for_function(
        "([label, option]) => document.querySelector(`#format-form [name='${label}']`)?.value === option",
        arg=[label, option],
    )
    page.page.wait_for_selector("#loading", state="hidden")


def options(page: Visit, label: str) -> list[str]:
    return [str(text) for text in select(page, label).locator("option").all_inner_texts()]


def is_undistorted(page: Visit) -> bool:
    """Whether the canvas has its own proportions on the page, and fills its frame."""
    return bool(
        page.page.evaluate(
            """() => {
                const canvas = document.querySelector('#painting canvas');
                const [box, frame] = [canvas, canvas.closest('.frame')]
                    .map(one => one.getBoundingClientRect());
                const shown = box.width / box.height * canvas.height / canvas.width;
                return Math.abs(shown - 1) < 0.02
                    && Math.abs(box.width - frame.width) < 1 && Math.abs(box.height - frame.height) < 1;
            }"""
        )
    )


def test_a_network_of_any_size_paints_and_its_size_can_be_chosen(page: Visit, picture: Path) -> None:
    said = dropped(page, "open", network(RELU, sides=("height", "width")))
    assert "It paints 256 px; under Look you can choose other sizes." in said
    assert page.painting().shape == (256, 256, 3)
    page.page.click("#look-button")
    sides = (128, 192, 256, 320, 384, 512, 640)
    assert options(page, "Size") == [f"{side} × {side} px" for side in sides]
    choose(page, "Size", "128 × 128 px")
    page.wait_for_match(lambda seen: seen.shape == (128, 128, 3), "the smaller painting")
    choose(page, "Shape", "16:9")
    assert "128 × 72 px" in page.page.inner_text("#label-facts")
    choose(page, "Size", "192 × 108 px")
    with Image.open(picture) as image:
        want = center_crop(image.convert("RGB"), (192, 108))
    page.wait_for_match(
        lambda seen: seen.shape == want.shape and float(np.abs(seen - want).mean()) < 0.02,
        "the middle of the picture, not stretched",
    )
    assert is_undistorted(page)
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("f")
    page.page.wait_for_selector("body.exhibit")
    assert is_undistorted(page)
    page.page.keyboard.press("f")
    page.page.wait_for_selector("body:not(.exhibit)")
    assert unexpected(page) == []


def test_a_network_that_halves_pictures_has_multiples_to_choose_from(page: Visit) -> None:
    said = dropped(page, "halving", encoder_decoder())
    assert "It paints 256 px; under Look you can choose other sizes." in said
    page.page.click("#look-button")
    choose(page, "Shape", "9:16 upright")
    assert options(page, "Size") == [
        f"{width} × {height} px"
        for width, height in (
            (72, 128),
            (112, 192),
            (144, 256),
            (184, 320),
            (216, 384),
            (288, 512),
            (360, 640),
        )
    ]
    choose(page, "Size", "72 × 128 px")
    page.wait_for_match(lambda seen: seen.shape == (128, 72, 3), "the upright painting")
    assert is_undistorted(page)
    page.page.keyboard.press("Escape")
    assert unexpected(page) == []


def test_one_free_side_can_be_chosen(page: Visit) -> None:
    dropped(page, "scroll", encoder_decoder((128, "w")))
    page.page.click("#look-button")
    assert select(page, "Shape").count() == 0
    choose(page, "Size", "320 × 128 px")
    page.wait_for_match(lambda seen: seen.shape == (128, 320, 3), "the wide painting")
    page.page.keyboard.press("Escape")
    assert unexpected(page) == []


def test_the_keyboard_stays_where_something_was_chosen(page: Visit) -> None:
    dropped(page, "keys", network(RELU, sides=("height", "width")))
    page.page.click("#look-button")
    select(page, "Size").focus()
    page.page.keyboard.press("ArrowUp")
    page.page.wait_for_selector("#label-facts:has-text('192 px')")
    page.page.wait_for_selector("#loading", state="hidden")
    page.page.wait_for_selector("#format-form [name=Size]:focus")
    page.page.keyboard.press("ArrowUp")
    page.page.wait_for_selector("#label-facts:has-text('128 px')")
    page.page.keyboard.press("Escape")
    assert unexpected(page) == []


def test_names_that_an_old_file_has_are_not_made_again(page: Visit, picture: Path) -> None:
    """Its initializers are among its inputs, and they have the names of what the page would add."""
    form = PictureFormat("0..255", "NHWC")
    model = onnx.load_from_string(wrap(core("sigmoid"), Formats(form, form)))
    model.ir_version = 3
    taken = ("limner.image", "limner.before.0", "limner.factor", "limner.after.0")
    names = dict(zip((tensor.name for tensor in model.graph.initializer), taken, strict=False))
    for tensor in model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    model.graph.input.extend(
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in model.graph.initializer
    )
    said = dropped(page, "old", model.SerializeToString())
    assert "takes and gives 0..255, NHWC" in said
    want = expected("sigmoid", picture)
    page.wait_for_match(lambda seen: float(np.abs(seen - want).mean()) < 0.02, "the core's own painting")
    assert unexpected(page) == []


def test_pictures_that_are_not_square(page: Visit, picture: Path) -> None:
    dropped(page, "wide", network(RELU, sides=(48, 96)))
    assert "96 × 48 px" in page.page.inner_text("#label-facts")
    with Image.open(picture) as image:
        want = center_crop(image.convert("RGB"), (96, 48))
    page.wait_for_match(
        lambda seen: seen.shape == (48, 96, 3) and float(np.abs(seen - want).mean()) < 0.02,
        "the middle of the picture",
    )
    assert is_undistorted(page)


def test_a_picture_that_is_not_square_is_painted_whole(page: Visit, picture: Path, tmp_path: Path) -> None:
    """Also of one longer than 1,024 pixels, which is made smaller as it is opened."""
    values = draw_test_picture(1200, 2400)
    Image.fromarray((values * 255).round().astype(np.uint8)).save(tmp_path / "wide.png")
    dropped(page, "whole", network(RELU, sides=(48, 96)))
    page.page.set_input_files("#file-picture", str(tmp_path / "wide.png"))
    with Image.open(tmp_path / "wide.png") as image:
        want = center_crop(image.convert("RGB"), (96, 48))
    page.wait_for_match(lambda seen: float(np.abs(seen - want).mean()) < 0.02, "the whole picture")
    page.page.set_input_files("#file-picture", str(picture))


def test_networks_that_make_no_picture_are_told_by_what_they_do(page: Visit) -> None:
    page.drop("names.onnx", classifier())
    sentence = page.alert_text("names.onnx")
    assert sentence == (
        "names.onnx cannot be painted with here: it seems to name what is in a picture (10 classes); "
        "it makes no picture."
    )
    page.page.click("#alert-close")


def test_a_look_of_ours_fetches_nothing_for_others(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit().open(f"{address}?backend=wasm")
    assert not any("format-form" in url or "sizes-" in url for url in guest.requests)
