"""The panel “Learn”: a look goes on learning in the page, and a style is learned from a painted frame."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from e2e.harness import MARKS, Picture, Visit
from e2e.tiny import tiny_look
from limner.look.look import open_look
from limner.look.quantization import quantize_weights

pytestmark = MARKS

LEARN = "#learn-panel .primary"
"""The button that learns, and pauses."""


@pytest.fixture
def learning(visit: Callable[..., Visit], address: str) -> Iterator[Visit]:
    """A page that paints its camera, with the panel open."""
    guest = visit(permissions=["camera"]).open(address)
    assert not [url for url in guest.requests if "panel" in url or "training" in url]
    guest.page.click("#camera-button")
    guest.page.wait_for_selector("body[data-source=camera]")
    guest.page.click("#learn-button")
    guest.page.wait_for_selector("#learn-panel:popover-open")
    yield guest


def figures(guest: Visit) -> dict[str, str]:
    """The figures below the plot."""
    read = "rows => Object.fromEntries(rows.map(row => [...row.children].map(one => one.textContent)))"
    found: dict[str, str] = guest.page.eval_on_selector_all(".loss-plot dl > div", read)
    return found


def wait_for_figures(guest: Visit, condition: str) -> dict[str, str]:
    """Wait until a condition on `step` and `loss` holds."""
    values = "[...document.querySelectorAll('.loss-plot dd')].map(one => Number(one.textContent))"
    guest.page.wait_for_function(f"() => {{ const [step, loss] = {values}; return {condition}; }}")
    return figures(guest)


def problems(guest: Visit) -> list[str]:
    """Errors and warnings, but for two: there is no GPU for WebGPU, and ONNX Runtime's on the scales
    of a Resize, which the page's WASM painter has folded into a convolution."""
    known = ("No available adapters", "CleanUnusedInitializers")
    return [one for one in guest.problems if not any(part in one for part in known)]


def redness(picture: Picture) -> float:
    return float((picture[..., 0] - picture[..., 2]).mean())


def gather_frames(guest: Visit) -> None:
    guest.page.hover("#learn-panel .hold")
    guest.page.mouse.down()
    guest.page.wait_for_function(
        "() => document.querySelectorAll('#learn-panel .strip canvas').length >= 4"
    )
    guest.page.mouse.up()
    guest.page.wait_for_selector("#status:has-text('frames gathered')")


def pause_and_save(guest: Visit, folder: Path) -> Path:
    """Pause, and save what was learned, under the name that the page suggests."""
    guest.page.click(LEARN)
    guest.page.wait_for_selector("#status:has-text('Paused at step')")
    with guest.page.expect_download() as download:
        guest.page.click("#learn-panel >> text=Save as a look")
    file: Path = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_look_learns_from_the_camera_and_is_saved(learning: Visit, tmp_path: Path) -> None:
    page = learning.page
    gather_frames(learning)
    page.click(LEARN)
    first = float(wait_for_figures(learning, "step > 10")["loss"])
    page.wait_for_selector("#status:has-text('Learning from')")
    later = wait_for_figures(learning, f"loss < {0.9 * first}")
    assert later["on"] == "the CPU"
    assert not [url for url in learning.requests if "foreign-" in url or "training-extended-" in url]
    page.wait_for_function("() => document.getElementById('label-name').textContent === 'Tiny (learned)'")
    file = pause_and_save(learning, tmp_path)
    assert file.name.startswith("tiny-learned-")

    look = open_look(file)
    assert (look.name, look.author) == ("Tiny (learned)", "A. Painter")
    assert "Fine-tuned in the page" in look.credit
    image = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    painting = onnxruntime.InferenceSession(file).run(None, {"image": image})[0]
    assert painting.shape == image.shape

    page.keyboard.press("Escape")
    learning.choose("Tiny (learned)")
    page.wait_for_selector("#look-list button[aria-pressed=true]:has-text('learned')", state="attached")
    assert problems(learning) == []


def test_a_look_in_8_bits_gets_sharper_and_is_saved_in_8_bits(learning: Visit, tmp_path: Path) -> None:
    page = learning.page
    content = quantize_weights(onnx.load_from_string(tiny_look("Small")), "uint8").SerializeToString()
    learning.drop("small.onnx", content)
    learning.wait_for_look("Small")
    if not page.is_visible("#learn-panel"):
        page.click("#learn-button")
    gather_frames(learning)
    page.click(LEARN)
    wait_for_figures(learning, "step > 3")
    assert not any("discriminator" in url for url in learning.requests)
    page.check("#learn-panel >> text=Sharper")
    page.wait_for_function("() => document.querySelector('#learn-panel .primary').textContent === 'Pause'")
    steps = int(figures(learning)["step"])
    assert steps > 3, "what was learned stays"
    wait_for_figures(learning, f"step > {steps + 3}")
    assert any("discriminator" in url for url in learning.requests)
    assert page.is_checked("#learn-panel input[type=checkbox]")
    file = pause_and_save(learning, tmp_path)
    said = page.inner_text("#learn-panel > .facts")
    assert said == f"Saved, it has {round(len(content) / 1000)} kB."
    assert abs(file.stat().st_size - len(content)) < 600, "texts differ"
    stored = [n.input[0] for n in onnx.load(file).graph.node if n.op_type == "DequantizeLinear"]
    assert stored, "weights of 8 bits"
    assert open_look(file).name == "Small (learned)"
    assert problems(learning) == []


def wide_network() -> bytes:
    """Another program's network, whose picture is not square."""
    model = onnx.load_from_string(tiny_look(bare=True))
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[2].dim_value = 48
    content: bytes = model.SerializeToString()
    return content


def test_another_programs_network_learns_and_stays_one_that_limner_opens(
    learning: Visit, tmp_path: Path
) -> None:
    page = learning.page
    learning.drop("strange.onnx", wide_network())
    learning.wait_for_look("strange")
    if not page.is_visible("#learn-panel"):
        page.click("#learn-button")
    gather_frames(learning)
    page.click(LEARN)
    wait_for_figures(learning, "step > 3")
    learning.wait_for_look("strange (learned)")
    file = pause_and_save(learning, tmp_path)
    assert file.name.startswith("strange-learned-")
    look = open_look(file)
    assert (look.name, look.shape) == ("", (48, 64))
    assert problems(learning) == []


def test_a_style_is_learned_from_a_painted_frame(learning: Visit) -> None:
    page = learning.page
    page.click("#learn-panel >> text=Painted frame")
    page.click(LEARN)
    page.wait_for_selector(".learn-message:has-text('paint over it first')")
    page.click("#learn-panel >> text=Freeze this frame")
    stage = page.locator(".stage").bounding_box()
    assert stage
    page.locator(".frame-editor input[type=color]").fill("#ff0000")
    page.locator(".frame-editor input[type=range]").fill("0.3")
    left, top, side = stage["x"], stage["y"], stage["width"]
    for row in range(6):
        page.mouse.move(left + 2, top + (row + 0.5) * side / 6)
        page.mouse.down()
        page.mouse.move(left + side - 2, top + (row + 0.5) * side / 6, steps=4)
        page.mouse.up()
    page.click(".frame-editor button:has-text('Undo')")
    page.click(".frame-editor .primary")
    page.wait_for_selector("#learn-panel .facts:has-text('1 painted frame')")
    before = learning.painting()
    page.click(LEARN)
    wanted = redness(before) + 0.1
    learning.wait_for_match(lambda seen: redness(seen) > wanted, "a painting in the style")
    page.click("#learn-panel >> text=Start again")
    page.wait_for_selector("#status:has-text('anew')")
    assert problems(learning) == []
