"""Another program's network that is dropped on the page: its format is found, said, and can be changed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, Visit, make_site, serve
from e2e.tiny import classifier
from helpers.pictures import core, paint, wrap
from helpers.strangers import RELU, network
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


@pytest.fixture(scope="module", params=["wasm", "webgpu"])
def page(request: pytest.FixtureRequest, picture: Path, tmp_path_factory: Any) -> Iterator[Visit]:
    """A page that paints the picture."""
    folder = tmp_path_factory.mktemp("strangers")
    make_site(folder, names=("Tiny",))
    browser = request.getfixturevalue("gpu_browser" if request.param == "webgpu" else "browser")
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
    assert page.problems == []


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
    assert page.problems == []


def test_a_network_of_any_size_paints_and_its_size_can_be_chosen(page: Visit) -> None:
    dropped(page, "open", network(RELU, sides=("height", "width")))
    assert "256 px" in page.page.inner_text("#label-facts")
    assert page.painting().shape == (256, 256, 3)
    page.page.click("#look-button")
    sizes = page.page.get_by_label("Size")
    assert sizes.locator("option").all_inner_texts() == [
        f"{side} px" for side in (128, 192, 256, 320, 384, 512)
    ]
    sizes.select_option("128 px")
    page.page.wait_for_selector("#label-facts:has-text('128 px')")
    page.page.keyboard.press("Escape")
    page.wait_for_match(lambda seen: seen.shape == (128, 128, 3), "the smaller painting")
    assert page.problems == []


def test_pictures_that_are_not_square(page: Visit) -> None:
    dropped(page, "wide", network(RELU, sides=(48, 96)))
    assert "96 × 48 px" in page.page.inner_text("#label-facts")
    page.wait_for_match(lambda seen: seen.shape == (48, 96, 3), "a painting that is not square")
    box = page.page.locator("#painting canvas").evaluate("canvas => getComputedStyle(canvas).objectFit")
    assert box == "contain"


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
    assert not any("format-form" in url for url in guest.requests)
