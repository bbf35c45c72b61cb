"""The tab Painter: networks paint, forget and heal; by keyboard, on a phone, without long tasks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from e2e.harness import Picture
from e2e.lab import (
    AXE,
    LAB_MARKS,
    PHONE,
    STOPPED,
    assert_no_long_task_in_play,
    find_violations,
    lab,
    lab_address,
    wait_until,
)
from e2e.painter import HASH, PSNR, SMALL, STEP, average_colour, calm, downloads_of

__all__ = ["calm", "lab", "lab_address"]

pytestmark = LAB_MARKS

MODES = ("grid", "activations", "synaptic", "cppn")
ALL_MODES = (*MODES, "siren", "fourier", "mlp")

PAINTING_ERROR = """() => {
  const side = 64;
  const [painted, wanted] = ['.looked-at .painting', '.target'].map(selector => {
    const copy = new OffscreenCanvas(side, side).getContext('2d');
    copy.drawImage(document.querySelector(selector), 0, 0, side, side);
    return copy.getImageData(0, 0, side, side).data;
  });
  return painted.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]), 0) / (3 * side * side);
}"""
"""How far the painting is from its picture: the mean difference of their colours, 0 to 255."""


def test_the_page_opens_with_the_painter_which_paints(lab: Any) -> None:
    page = lab("")
    assert page.evaluate(HASH) == "#painter"
    assert page.get_attribute("nav a >> nth=0", "aria-current") == "page"
    wait_until(page, f"{STEP} > 0")
    page.click("#play-button")
    page.click("nav a:has-text('Line')")
    page.wait_for_selector(".bench.line")
    page.go_back()
    page.wait_for_selector(".bench.painter")
    assert page.inner_text("#play-button") == "Play", "it begins by itself only once"


def test_who_wants_little_motion_presses_play(calm: Any) -> None:
    page = calm("")
    page.wait_for_timeout(1000)
    assert page.inner_text("#play-button") == "Play"
    assert page.evaluate(STEP) == 0


def test_grids_paint_the_still_life_and_heal(calm: Any) -> None:
    page = calm("#painter")
    page.click("#play-button")
    wait_until(page, f"{PSNR} > 30")
    page.click("#play-button")
    wait_until(page, STOPPED)
    page.wait_for_timeout(1000)
    first = error = page.evaluate(PAINTING_ERROR)
    assert first < 8
    tears: tuple[Callable[[], Any], ...] = (
        lambda: page.click(".looked-at", position={"x": 290, "y": 390}),
        lambda: page.press(".looked-at", "Enter"),
        lambda: page.click("text=Tear a piece out"),
    )
    for tear in tears:
        tear()
        wait_until(page, f"({PAINTING_ERROR})() > {error} + 0.4")
        error = page.evaluate(PAINTING_ERROR)
    page.click("#play-button")
    wait_until(page, f"({PAINTING_ERROR})() < {first}")


def weights_of(page: Any, name: str) -> Picture:
    """A layer's weights, as they are saved."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(downloads_of(page, "#save-button")["onnx"])
    found = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    weights: Picture = found[name]
    return weights


def test_a_frozen_layer_stays_and_torn_units_are_zero(calm: Any) -> None:
    page = calm("#painter?net=siren&width=16")
    page.click("text=Freeze >> nth=1")
    assert "frozen=hidden2" in page.evaluate(HASH)
    first = {name: weights_of(page, f"{name}.weight") for name in ("hidden1", "hidden2")}
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    assert np.array_equal(weights_of(page, "hidden2.weight"), first["hidden2"])
    assert not np.array_equal(weights_of(page, "hidden1.weight"), first["hidden1"])
    page.click("text=Tear out a quarter >> nth=0")
    torn = [0, 4, 8, 12]
    assert not weights_of(page, "hidden1.weight")[torn].any()
    assert not weights_of(page, "hidden2.weight")[:, torn].any()
    assert weights_of(page, "hidden1.weight")[[1, 2, 3]].all()
    page.click("#step-button")
    wait_until(page, f"{STEP} === 2")


def test_the_painting_is_zoomed_by_keys_and_wheel(calm: Any) -> None:
    page = calm(SMALL)
    page.focus(".looked-at")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert "zoom=1.25" in page.evaluate(HASH) and "at=" in page.evaluate(HASH)
    page.keyboard.press("Home")
    assert "zoom" not in page.evaluate(HASH)
    box = page.locator(".looked-at").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.wheel(0, -600)
    wait_until(page, "location.hash.includes('zoom=')")


def test_a_run_by_keyboard_alone(calm: Any) -> None:
    page = calm(SMALL)

    def reach(selector: str, key: str = "Tab") -> None:
        for _ in range(80):
            page.keyboard.press(key)
            if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
        raise AssertionError(f"{key} never came to {selector}")

    reach("nav a[href^='#painter']")
    reach(".words input")
    page.keyboard.press("Control+A")
    page.keyboard.type("Hi")
    assert "text=Hi" in page.evaluate(HASH) and "source=text" in page.evaluate(HASH)
    reach(".slider input")
    page.keyboard.press("ArrowRight")
    assert "depth=2" in page.evaluate(HASH)
    reach("#play-button")
    page.keyboard.press("Enter")
    wait_until(page, f"{STEP} > 2")
    page.keyboard.press("Enter")
    wait_until(page, STOPPED)
    reach(".modes button:last-child", "Shift+Tab")
    page.keyboard.press("Enter")
    assert "net=cppn" in page.evaluate(HASH)
    reach(".wall.children button")
    page.keyboard.press("Enter")
    wait_until(page, "location.hash.includes('path=0')")
    page.keyboard.press("r")
    wait_until(page, "!location.hash.includes('path')")


def test_a_run_by_touch_on_a_phone(lab: Any) -> None:
    page = lab(SMALL, viewport=PHONE, has_touch=True)
    wait_until(page, f"{STEP} > 2")
    page.tap("#play-button")
    wait_until(page, STOPPED)
    before = average_colour(page, ".target")
    page.tap(".target")
    assert average_colour(page, ".target") != before
    page.tap("text=Synaptic")
    page.tap(".wall.bends button >> nth=1")
    assert "net=synaptic" in page.evaluate(HASH) and "pick=tanh" in page.evaluate(HASH)


def test_five_perceptrons_learn_pixel_by_pixel(calm: Any) -> None:
    page = calm("#painter?net=synaptic")
    assert page.locator(".wall.bends button").count() == 5
    page.click("#step-button")
    wait_until(page, f"{STEP} === 5 * 300")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 5 * 90000")
    page.click(".wall.bends button >> nth=2")
    assert "pick=relu" in page.evaluate(HASH)
    assert page.get_attribute(".wall.bends button >> nth=2", "aria-pressed") == "true"
    assert "steps/s" in page.inner_text("#chip")


def test_five_activations_learn_side_by_side(calm: Any) -> None:
    page = calm("#painter?net=activations&depth=2&width=8&batch=32")
    wall = page.locator(".wall.bends button")
    assert wall.count() == 5
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 20")
    page.click("#play-button")
    wait_until(page, STOPPED)
    page.wait_for_timeout(1000)
    captions = [text.split("\n") for text in wall.all_inner_texts()]
    assert [name for name, _ in captions] == ["Logistic", "tanh", "ReLU", "Step", "Identity"]
    pictures = [average_colour(page, f".wall.bends button:nth-child({i}) canvas") for i in range(1, 6)]
    assert len({tuple(colour) for colour in pictures}) == 5
    wall.nth(2).focus()
    page.keyboard.press("Enter")
    assert "pick=relu" in page.evaluate(HASH)
    assert wall.nth(2).get_attribute("aria-pressed") == "true"
    assert f"{page.evaluate(PSNR):.1f} dB" == captions[2][1]
    page.click("text=Freeze >> visible=true >> nth=0")
    assert "frozen=hidden1" in page.evaluate(HASH)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_on_a_phone_nothing_lies_outside(calm: Any, mode: str) -> None:
    page = calm(f"#painter?net={mode}", viewport=PHONE, has_touch=True)
    page.wait_for_selector(".looked-at canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing(calm: Any, mode: str, scheme: str) -> None:
    page = calm(f"#painter?net={mode}", color_scheme=scheme, bypass_csp=True)
    page.wait_for_selector(".looked-at canvas")
    assert find_violations(page) == []


@pytest.mark.parametrize("gpu", ["browser", "gpu_browser"])
@pytest.mark.parametrize("mode", MODES)
def test_no_task_keeps_the_page_waiting(
    lab_address: str, request: pytest.FixtureRequest, gpu: str, mode: str, tmp_path: Path
) -> None:
    """Without a GPU, and with one in software."""
    browser = request.getfixturevalue(gpu)
    assert_no_long_task_in_play(browser, f"{lab_address}#painter?net={mode}", tmp_path / "trace.json")
