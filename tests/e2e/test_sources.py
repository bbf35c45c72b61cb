"""Picture sources: the camera, pictures and videos, and their errors."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, SMALL, Visit, clip_file, embed, serve, sound_file
from helpers.strangers import LFS_POINTER
from limner.page.chromium import find_chromium

pytestmark = MARKS


@pytest.fixture(scope="module")
def camera_page(browser: Any, address: str) -> Iterator[Visit]:
    """A page with permission for the camera, which counts its requests for one."""
    opened = Visit(browser, permissions=["camera"])
    opened.page.add_init_script(
        """window.requests = 0;
        const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (constraints) => {
            window.requests += 1;
            window.before = window.stream?.getTracks()[0].readyState;
            if (window.busy) throw new DOMException('in use', 'NotReadableError');
            return (window.stream = await original(constraints));
        };"""
    )
    yield opened.open(f"{address}?backend=wasm")
    opened.context.close()


def test_the_camera_is_requested_on_click_and_released(camera_page: Visit) -> None:
    page = camera_page.page
    scene = camera_page.painting()
    assert page.evaluate("window.requests") == 0
    page.click("#camera-button")
    page.wait_for_selector("body[data-source=camera]")
    camera_page.wait_for_match(lambda seen: np.abs(seen - scene).mean() > 0.02, "a painting of the camera")
    assert camera_page.is_pressed("#mirror-button"), "a camera that faces the visitor is mirrored"
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-source=scene]")
    assert page.evaluate("window.stream.getTracks()[0].readyState") == "ended"
    assert camera_page.problems == []


def test_a_camera_that_is_disconnected(camera_page: Visit) -> None:
    page = camera_page.page
    page.click("#camera-button")
    page.wait_for_selector("body[data-source=camera]")
    page.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    assert "built-in scene" in camera_page.alert_text()
    assert page.get_attribute("body", "data-source") == "scene"
    page.click("#alert-action")
    page.wait_for_selector("body[data-source=camera]")


def test_changing_the_camera_releases_the_previous_one(camera_page: Visit) -> None:
    """Many phones open one camera at a time. If the next camera fails, the page paints the scene."""
    page = camera_page.page
    for busy in (False, False, True):
        page.evaluate("busy => { window.busy = busy; }", busy)
        requests = page.evaluate("window.requests")
        page.evaluate("document.getElementById('source-camera').click()")
        page.wait_for_function("requests => window.requests === requests + 1", arg=requests)
        page.wait_for_selector("#camera-button:enabled", state="attached")
    assert page.evaluate("window.before") == "ended"
    assert "does not answer" in camera_page.alert_text()
    assert page.get_attribute("body", "data-source") == "scene"
    page.evaluate("window.busy = false")
    page.click("#alert-action")
    page.wait_for_selector("body[data-source=camera]")
    assert page.is_hidden("#alert")


def test_permission_refused(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open(address, painted=False)
    guest.page.click("#camera-button")
    assert "refused" in guest.alert_text()
    guest.page.wait_for_selector("#camera-button:enabled")


def test_a_page_over_http(address: str, visit: Callable[..., Visit]) -> None:
    """Browsers hide the camera's interface there."""
    guest = visit(viewport=SMALL)
    guest.page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    guest.open(f"{address}?backend=webgl2", painted=False)
    guest.page.click("#camera-button")
    assert "only to pages that come over https" in guest.alert_text()


def test_a_frame_without_the_camera(address: str, tmp_path: Path, visit: Callable[..., Visit]) -> None:
    """The address bar cannot help there; a tab of its own can."""
    with embed(tmp_path, f"{address}?backend=webgl2") as around:
        guest = visit(permissions=["camera"]).open(around, painted=False)
        inside = guest.page.frames[1]
        inside.click("#camera-button")
        inside.wait_for_selector("#alert-text:has-text('a tab of its own')")
        with guest.context.expect_page() as opened:
            inside.click("#alert-action:has-text('new tab')")
        assert opened.value.url == f"{address}?backend=webgl2"


def test_a_frame_in_a_sandbox_without_tabs(
    folder: Path, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    """It has no storage either. The page paints, and names its own address."""
    with (
        serve(folder, headers={"Access-Control-Allow-Origin": "*"}) as url,
        embed(tmp_path, f"{url}?backend=webgl2", 'sandbox="allow-scripts"') as around,
    ):
        guest = visit().open(around, painted=False)
        inside = guest.page.frames[1]
        inside.wait_for_selector(".painted canvas")
        inside.evaluate("document.getElementById('save-button').click()")
        inside.wait_for_selector("#status:has-text('If the painting is not in your downloads')")
        inside.click("#camera-button")
        inside.click("#alert-action:has-text('new tab')")
        inside.wait_for_selector(f"#alert-text:has-text('Open {url}?backend=webgl2 in one')")


def test_a_frame_that_may_have_the_camera(
    address: str, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    """It is refused by the visitor, who can allow it beside the address bar."""
    with embed(tmp_path, f"{address}?backend=webgl2", 'allow="camera; fullscreen"') as around:
        guest = visit().open(around, painted=False)
        inside = guest.page.frames[1]
        inside.click("#camera-button")
        inside.wait_for_selector("#alert-text:has-text('address bar')")


def test_a_site_that_forbids_the_camera(folder: Path, visit: Callable[..., Visit]) -> None:
    with serve(folder, headers={"Permissions-Policy": "camera=()"}) as url:
        guest = visit(viewport=SMALL, permissions=["camera"])
        guest.open(f"{url}?backend=webgl2", painted=False)
        guest.page.click("#camera-button")
        assert "This site forbids the camera" in guest.alert_text()


def test_the_first_look_leaves_an_alert_of_the_camera(folder: Path, visit: Callable[..., Visit]) -> None:
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    with serve(folder, headers={"Permissions-Policy": "camera=()"}) as url:
        guest = visit(viewport=SMALL, permissions=["camera"])
        guest.context.route("**/looks/looks.json", hold)
        guest.open(f"{url}?backend=webgl2", painted=False)
        guest.page.click("#camera-button")
        sentence = guest.alert_text("This site forbids the camera")
        held[0].continue_()
        guest.wait_for_painting()
        assert guest.page.is_visible("#alert") and guest.page.inner_text("#alert-text") == sentence


def test_no_camera(playwright_driver: Any, address: str) -> None:
    launched = playwright_driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
    guest = Visit(launched, viewport=SMALL, permissions=["camera"]).open(address, painted=False)
    guest.page.click("#camera-button")
    assert "No camera was found" in guest.alert_text()
    launched.close()


def test_a_picture_that_is_ready_late_leaves_the_alert_of_a_look(
    address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(viewport=SMALL)
    guest.page.add_init_script(
        """const released = new Promise(resolve => { window.release = resolve; });
        const decode = HTMLImageElement.prototype.decode;
        HTMLImageElement.prototype.decode = async function () {
            await released;
            return decode.call(this);
        };"""
    )
    guest.open(f"{address}?backend=wasm")
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "png")
    guest.drop("late.png", out.getvalue(), "image/png")
    guest.drop("words.onnx", b"words")
    said = guest.alert_text("words.onnx")
    guest.page.evaluate("window.release()")
    guest.page.wait_for_selector("body[data-source=picture]")
    assert guest.alert_text() == said


def test_a_picture_and_a_video(shared: Visit, tmp_path: Path) -> None:
    guest, page = shared, shared.page
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (255, 255, 255)).save(out, "PNG")
    guest.drop("white.png", out.getvalue(), "image/png")
    page.wait_for_selector("body[data-source=picture]")
    guest.wait_for_match(
        lambda seen: seen.std(axis=(0, 1)).max() < 0.1, "an even painting of a white picture"
    )
    guest.drop("broken.png", b"not a picture", "image/png")
    guest.alert_text("could not be read as a picture")
    for name, kind in {"photo.jpg": "image/jpeg", "film.mp4": "video/mp4"}.items():
        guest.drop(name, LFS_POINTER, kind)
        guest.alert_text(f"{name} is Git LFS")
    page.set_input_files("#file-video", clip_file(tmp_path / "clip.webm"))
    page.wait_for_selector("body[data-source=video]")
    guest.wait_for_match(lambda seen: bool(seen.std() > 0.03), "a painting of the video")
    page.set_input_files("#file-video", sound_file(tmp_path / "song.webm"))
    guest.alert_text("only sound")
    assert page.get_attribute("body", "data-source") == "video"
    page.click("#alert-close")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    page.set_input_files("#file-video", broken)
    guest.alert_text("cannot play")
    page.click("#alert-close")
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-source=scene]")
