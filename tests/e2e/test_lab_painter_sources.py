"""What the tab Painter paints: strokes, the camera, and pictures of one's own."""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MAX_WAIT_MS
from e2e.lab import AXE, LAB_MARKS, find_violations, lab, lab_address, wait_until
from e2e.painter import (
    HASH,
    LIVE_TRACKS,
    PSNR,
    RECORD_TRACKS,
    SMALL,
    STEP,
    average_colour,
    calm,
    choose_drive,
    wait_for_colour,
)

__all__ = ["calm", "lab", "lab_address"]

pytestmark = LAB_MARKS


def test_a_stroke_changes_what_is_learned(calm: Any) -> None:
    page = calm("#painter?source=text")
    page.click("#play-button")
    wait_until(page, f"{PSNR} > 25")
    before = wait_for_colour(page, lambda now: sum(now) > 0)
    target = average_colour(page, ".target")
    box = page.locator(".target").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    change = np.subtract(average_colour(page, ".target"), target)
    assert np.abs(change).max() > 4
    # The painting follows by more than half of the way.
    wait_for_colour(page, lambda now: bool(np.subtract(now, before) @ change > 0.5 * change @ change))
    page.fill("[aria-label='A text to paint']", "Ü")
    assert "text=%C3%9C" in page.evaluate(HASH)


def test_a_stroke_is_drawn_by_keys(calm: Any) -> None:
    page = calm(SMALL, bypass_csp=True)
    page.evaluate("document.querySelector('.brush input').value = '#00ff00'")
    pixel = """(([x, y]) => {
      const canvas = document.querySelector('.target');
      const place = [x, y].map(one => Math.floor(one * canvas.width));
      return [...canvas.getContext('2d').getImageData(...place, 1, 1).data];
    })"""
    ends = [[0.5, 0.5], [0.25, 0.5], [0.25, 0.75]]
    pen = page.locator(".pen-frame")
    pen.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert "Pen up, 50 % from the left, 50 % from the top" in pen.inner_text()
    for place in ends:
        assert page.evaluate(f"{pixel}({place})") != [0, 255, 0, 255]
    page.keyboard.press("Enter")
    for key in ("ArrowLeft", "ArrowDown"):
        for _ in range(8):
            page.keyboard.press(key)
    assert "Pen down, 25 % from the left, 75 % from the top" in pen.inner_text()
    for place in ends:
        assert page.evaluate(f"{pixel}({place})") == [0, 255, 0, 255]
    if AXE.exists():
        assert find_violations(page) == []
    page.keyboard.press("Space")
    assert "Pen up" in pen.inner_text()
    assert page.inner_text("#play-button") == "Play", "the space is the pen's"
    lifted = page.evaluate("document.querySelector('.target').toDataURL()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('.target').toDataURL()") == lifted


def test_a_source_is_as_sharp_after_another_network(calm: Any) -> None:
    page = calm("#painter?net=mlp&depth=1&width=8")
    picture = "document.querySelector('.target').toDataURL()"
    before = page.evaluate(picture)
    page.click("text=Synaptic")
    assert page.evaluate("document.querySelector('.target').width") == 300
    page.click(".modes button:has-text('Perceptron')")
    assert page.evaluate("document.querySelector('.target').width") == 256
    assert page.evaluate(picture) == before


def test_the_camera_is_painted_until_another_picture_is_chosen(calm: Any) -> None:
    page = calm(SMALL, permissions=["camera"])
    page.evaluate(RECORD_TRACKS)
    still = average_colour(page, ".target")

    def wait_for_another(than: list[float]) -> list[float]:
        end = time.monotonic() + MAX_WAIT_MS / 1000
        while np.abs(np.subtract(now := average_colour(page, ".target"), than)).max() < 0.02:
            assert time.monotonic() < end
            page.wait_for_timeout(50)
        return now

    page.click("text=Camera")
    first = wait_for_another(still)
    wait_for_another(first)
    assert "source=camera" in page.evaluate(HASH)
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    assert page.evaluate(LIVE_TRACKS) == 1
    page.click("text=Still life")
    assert page.evaluate(LIVE_TRACKS) == 0
    page.wait_for_timeout(500)
    assert average_colour(page, ".target") == still
    page.click("text=Camera")
    wait_until(page, f"{LIVE_TRACKS} === 1")
    page.click("nav a:has-text('Line')")
    wait_until(page, f"{LIVE_TRACKS} === 0")
    page.go_back()
    wait_until(page, f"{LIVE_TRACKS} === 1")


@pytest.mark.parametrize(
    ("pick", "sentence"),
    [
        (lambda page: page.click("text=Camera"), "There is no camera"),
        (lambda page: choose_drive(page, "sound"), "There is no microphone"),
        (lambda page: choose_drive(page, "midi"), "This browser has no MIDI"),
    ],
    ids=["camera", "microphone", "MIDI"],
)
def test_a_device_that_is_refused_is_told(calm: Any, pick: Callable[[Any], None], sentence: str) -> None:
    page = calm(SMALL)
    pick(page)
    page.wait_for_selector(f"#said:has-text('{sentence}')")


def test_a_picture_of_ones_own_is_painted(calm: Any) -> None:
    page = calm("#painter")
    file = io.BytesIO()
    Image.new("RGB", (40, 20), (10, 200, 30)).save(file, "PNG")
    content = {"name": "green.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.set_input_files("input[type=file]", content)
    end = time.monotonic() + 10
    while np.abs(np.subtract(average_colour(page, ".target"), (10, 200, 30))).max() > 1:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    page.set_input_files("input[type=file]", {**content, "buffer": b"no picture"})
    page.wait_for_selector("#said:has-text('cannot read that file as a picture')")
