"""What is painted: the camera and its absence, pictures, videos."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, SMALL, Visit, clip_file, sound_file
from limner.page.chromium import find_chromium

pytestmark = MARKS


@pytest.fixture(scope="module")
def filmed(browser: Any, address: str) -> Iterator[Visit]:
    """A page that may use the camera, and counts how often it asks."""
    one = Visit(browser, permissions=["camera"])
    one.page.add_init_script(
        """window.asked = 0;
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => {
            window.asked += 1;
            window.before = window.stream?.getTracks()[0].readyState;
            if (window.busy) throw new DOMException('in use', 'NotReadableError');
            return (window.stream = await ask(wish));
        };"""
    )
    yield one.open(f"{address}?backend=wasm")
    one.context.close()


def test_the_camera_is_asked_for_only_on_request_and_let_go(filmed: Visit) -> None:
    page = filmed.page
    scene = filmed.painting()
    assert page.evaluate("window.asked") == 0
    page.click("#camera-button")
    page.wait_for_selector("body[data-source=camera]")
    filmed.until(lambda seen: np.abs(seen - scene).mean() > 0.02, "a painting of the camera")
    assert filmed.pressed("#mirror-button"), "a camera that faces the visitor is mirrored"
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-source=scene]")
    assert page.evaluate("window.stream.getTracks()[0].readyState") == "ended"
    assert filmed.complaints == []


def test_a_camera_that_goes_away(filmed: Visit) -> None:
    page = filmed.page
    page.click("#camera-button")
    page.wait_for_selector("body[data-source=camera]")
    page.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    assert "built-in scene" in filmed.trouble()
    assert page.get_attribute("body", "data-source") == "scene"
    page.click("#alert-action")
    page.wait_for_selector("body[data-source=camera]")


def test_a_change_of_camera_lets_go_of_the_one_before(filmed: Visit) -> None:
    """Many phones give one at a time; where the next one fails, the scene is painted."""
    page = filmed.page
    for busy in (False, False, True):
        page.evaluate("busy => { window.busy = busy; }", busy)
        asked = page.evaluate("window.asked")
        page.evaluate("document.getElementById('source-camera').click()")
        page.wait_for_function("asked => window.asked === asked + 1", arg=asked)
        page.wait_for_selector("#camera-button:enabled", state="attached")
    assert page.evaluate("window.before") == "ended"
    assert "does not answer" in filmed.trouble()
    assert page.get_attribute("body", "data-source") == "scene"
    page.evaluate("window.busy = false")
    page.click("#alert-action")
    page.wait_for_selector("body[data-source=camera]")
    assert page.is_hidden("#alert")


def test_permission_refused(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open(address, painted=False)
    guest.page.click("#camera-button")
    assert "refused" in guest.trouble()
    guest.page.wait_for_selector("#camera-button:enabled")


def test_no_camera(player: Any, address: str) -> None:
    launched = player.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
    guest = Visit(launched, viewport=SMALL, permissions=["camera"]).open(address, painted=False)
    guest.page.click("#camera-button")
    assert "No camera was found" in guest.trouble()
    launched.close()


def test_a_picture_and_a_video(shared: Visit, tmp_path: Path) -> None:
    guest, page = shared, shared.page
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (255, 255, 255)).save(out, "PNG")
    guest.drop("white.png", out.getvalue(), "image/png")
    page.wait_for_selector("body[data-source=picture]")
    guest.until(lambda seen: seen.std(axis=(0, 1)).max() < 0.1, "a white picture paints evenly")
    guest.drop("broken.png", b"not a picture", "image/png")
    guest.trouble("could not be read as a picture")
    page.set_input_files("#file-video", clip_file(tmp_path / "clip.webm"))
    page.wait_for_selector("body[data-source=video]")
    guest.until(lambda seen: bool(seen.std() > 0.03), "a painting of the video")
    page.set_input_files("#file-video", sound_file(tmp_path / "song.webm"))
    guest.trouble("only sound")
    assert page.get_attribute("body", "data-source") == "video"
    page.click("#alert-close")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    page.set_input_files("#file-video", broken)
    guest.trouble("cannot play")
    page.click("#alert-close")
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-source=scene]")
