"""The live page, end to end, in a real Chromium: what a visitor sees, presses and is told."""

import base64
import gzip
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from stand import BUILT, CLIP, FLAGS, camera_file, lay_out, serve
from tiny import classifier, tiny_look

from limner.browser import chromium

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not (BUILT / "index.html").exists(), reason="the page is not built"),
]

Picture = npt.NDArray[np.float64]
LONGEST_MS = 60_000
SMALL = {"width": 480, "height": 480}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("site")
    lay_out(top)
    return top


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serve(folder) as url:
        yield url


@pytest.fixture(scope="module")
def player() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(player: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Without a GPU, as most test machines; its camera is a file."""
    clip = camera_file(tmp_path_factory.mktemp("camera") / "camera.y4m")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream"]
    launched = player.chromium.launch(
        executable_path=chromium(), args=[*flags, f"--use-file-for-fake-video-capture={clip}"]
    )
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def gpu_browser(player: Any) -> Iterator[Any]:
    """With WebGPU on a software adapter."""
    launched = player.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield launched
    launched.close()


class Visit:
    """A page with what it asked for and complained about."""

    def __init__(self, browser: Any, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | context)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, address: str, *, painted: bool = True) -> "Visit":
        self.page.goto(address)
        if painted:
            self.wait_for_painting()
        return self

    def wait_for_painting(self) -> None:
        self.page.wait_for_selector(".painted canvas", timeout=LONGEST_MS)

    def painting(self) -> Picture:
        """What the visitor would save, (P, P, 3) of 0..1."""
        with self.page.expect_download() as download:
            self.page.evaluate("document.getElementById('save-button').click()")
        picture = Image.open(Path(download.value.path()))
        return np.asarray(picture.convert("RGB"), dtype=np.float64) / 255

    def trouble(self) -> str:
        self.page.wait_for_selector("#trouble:not([hidden])", timeout=15_000)
        return str(self.page.inner_text("#trouble-text"))

    def choose(self, look: str) -> None:
        self.page.click("#look-button")
        self.page.click(f"#look-list button:has-text('{look}')")
        self.wait_for_look(look)
        self.page.keyboard.press("Escape")

    def wait_for_look(self, name: str) -> None:
        self.page.wait_for_function(
            "name => document.getElementById('label-name').textContent === name", arg=name
        )

    def drop(self, name: str, content: bytes, kind: str = "") -> None:
        self.page.evaluate(
            """([name, bytes, type]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], name, { type }));
                const at = { bubbles: true, cancelable: true, dataTransfer: data };
                document.body.dispatchEvent(new DragEvent('dragover', at));
                document.body.dispatchEvent(new DragEvent('drop', at));
            }""",
            [name, list(content), kind],
        )

    def pressed(self, button: str) -> bool:
        return bool(self.page.get_attribute(button, "aria-pressed") == "true")


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def make(on: Any = browser, **context: Any) -> Visit:
        visits.append(Visit(on, **context))
        return visits[-1]

    yield make
    for one in visits:
        one.context.close()


@pytest.fixture(scope="module")
def shared(browser: Any, address: str) -> Iterator[Visit]:
    """One page that paints on WASM, for tests that leave it as they found it."""
    one = Visit(browser).open(f"{address}?backend=wasm")
    yield one
    one.context.close()


def _is_tiny_painting(picture: Picture) -> None:
    assert picture.std() > 0.05, "the painting is blank"
    assert picture[..., 0].mean() > picture[..., 2].mean(), "the tiny look paints warm"


# What is painted ------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["webgpu", "wasm"])
def test_paints_the_scene(
    backend: str, browser: Any, gpu_browser: Any, address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(gpu_browser if backend == "webgpu" else browser, viewport=SMALL).open(
        f"{address}?backend={backend}"
    )
    _is_tiny_painting(guest.painting())
    assert guest.page.inner_text("#label-name") == "Tiny"
    assert "CC0" in guest.page.inner_text("#label-credit")
    guest.page.keyboard.press("s")
    figures = guest.page.inner_text("#figures-list").lower()
    assert backend in figures
    assert "to the first painting" in figures
    assert all(url.startswith((address, "blob:")) for url in guest.requests), guest.requests
    fetched_runtime = any("/runtime/" in url for url in guest.requests)
    assert fetched_runtime == (backend == "wasm")
    assert guest.complaints == []


def test_both_painters_paint_the_same(gpu_browser: Any, address: str, visit: Callable[..., Visit]) -> None:
    """A paused scene at its first moment is the same picture for both."""
    paintings = []
    for backend in ("webgpu", "wasm"):
        guest = visit(gpu_browser, viewport=SMALL, reduced_motion="reduce").open(
            f"{address}?backend={backend}"
        )
        paintings.append(guest.painting())
    assert np.abs(paintings[0] - paintings[1]).mean() < 0.02


def test_a_software_gpu_counts_as_none(gpu_browser: Any, address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(gpu_browser, viewport=SMALL)
    with guest.page.expect_request("**/runtime/ort.wasm", timeout=LONGEST_MS):
        guest.open(address, painted=False)


def test_a_lost_gpu_is_replaced(gpu_browser: Any, address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(gpu_browser, viewport=SMALL)
    guest.page.add_init_script(
        """window.devices = [];
        const request = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...given) {
            const device = await request.apply(this, given);
            window.devices.push(device);
            return device;
        };"""
    )
    guest.open(f"{address}?backend=webgpu")
    guest.page.evaluate("document.querySelector('#painting canvas').id = 'before'")
    guest.page.evaluate("window.devices[0].destroy()")
    guest.page.wait_for_selector("#painting canvas:not(#before)", timeout=LONGEST_MS)
    assert guest.page.evaluate("window.devices.length") == 2
    _is_tiny_painting(guest.painting())
    assert guest.page.is_hidden("#trouble")


def test_light_changes_the_painting(shared: Visit) -> None:
    page = shared.page
    before = shared.painting()
    page.click("#light-button")
    slider = page.get_by_label("Brightness")
    slider.fill("0.5")
    page.wait_for_timeout(300)
    brighter = shared.painting()
    page.click("#light-reset")
    page.keyboard.press("Escape")
    assert brighter.mean() > before.mean() + 0.1
    assert slider.input_value() == "0"


def test_shows_what_the_network_sees(shared: Visit) -> None:
    page = shared.page
    page.keyboard.press("g")
    canvas = page.wait_for_selector("#guide-canvas canvas")
    page.wait_for_timeout(400)
    png = canvas.evaluate("canvas => canvas.toDataURL().split(',')[1]")
    page.keyboard.press("g")
    guide = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), dtype=float)
    assert guide.std() > 10
    assert np.abs(guide[..., 0] - guide[..., 2]).max() < 2, "the guide is grey"
    assert page.is_hidden("#guide-view")


def test_mirror_flips_the_painting(shared: Visit) -> None:
    shared.page.click("#play-button")
    before = shared.painting()
    shared.page.click("#mirror-button")
    shared.page.wait_for_timeout(300)
    after = shared.painting()
    shared.page.click("#mirror-button")
    shared.page.click("#play-button")
    assert np.abs(after[:, ::-1].mean(axis=2) - before.mean(axis=2)).mean() < 0.02
    assert np.abs(after - before).mean() > 0.02


def test_motion_waits_where_less_is_asked_for(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(reduced_motion="reduce").open(f"{address}?backend=wasm")
    assert guest.page.get_attribute("#play-button", "aria-label") == "Play"
    before = guest.painting()
    guest.page.wait_for_timeout(500)
    assert np.array_equal(before, guest.painting())
    for _ in range(12):
        guest.page.keyboard.press(".")
    guest.page.wait_for_timeout(500)
    assert not np.array_equal(before, guest.painting()), "step paints another frame"


def test_another_look(shared: Visit) -> None:
    shared.choose("Second")
    assert shared.page.title().startswith("Second")
    shared.choose("Tiny")


def test_a_look_named_in_the_address(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    with guest.page.expect_request("**/looks/second.onnx"):
        guest.open(f"{address}?look=second.onnx", painted=False)
    assert not any(url.endswith("tiny.onnx") for url in guest.requests)


# The camera, and its absence ------------------------------------------------------------------


@pytest.fixture(scope="module")
def filmed(browser: Any, address: str) -> Iterator[Visit]:
    """A page that may use the camera, and counts how often it asks."""
    one = Visit(browser, permissions=["camera"])
    one.page.add_init_script(
        """window.asked = 0;
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => {
            window.asked += 1;
            return (window.stream = await ask(wish));
        };"""
    )
    yield one.open(f"{address}?backend=wasm")
    one.context.close()


def test_the_camera_is_asked_for_only_on_request_and_let_go(filmed: Visit) -> None:
    page = filmed.page
    scene = filmed.painting()
    assert page.evaluate("window.asked") == 0
    page.click("#camera-invite")
    page.wait_for_selector("body[data-subject=camera]")
    page.wait_for_timeout(700)
    camera = filmed.painting()
    assert np.abs(camera - scene).mean() > 0.02
    assert filmed.pressed("#mirror-button"), "a camera that faces the visitor is mirrored"
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-subject=scene]")
    assert page.evaluate("window.stream.getTracks()[0].readyState") == "ended"
    assert filmed.complaints == []


def test_a_camera_that_goes_away(filmed: Visit) -> None:
    page = filmed.page
    page.click("#camera-invite")
    page.wait_for_selector("body[data-subject=camera]")
    page.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    assert "built-in scene" in filmed.trouble()
    assert page.get_attribute("body", "data-subject") == "scene"
    page.click("#trouble-action")
    page.wait_for_selector("body[data-subject=camera]")


def test_permission_refused(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open(address, painted=False)
    guest.page.click("#camera-invite")
    assert "refused" in guest.trouble()
    assert guest.page.is_enabled("#camera-invite")


def test_no_camera(player: Any, address: str) -> None:
    launched = player.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
    guest = Visit(launched, viewport=SMALL, permissions=["camera"]).open(address, painted=False)
    guest.page.click("#camera-invite")
    assert "No camera was found" in guest.trouble()
    launched.close()


# Files ----------------------------------------------------------------------------------------


def test_files_that_are_no_looks(shared: Visit) -> None:
    shared.drop("notes.txt", b"hello")
    assert "neither a look" in shared.trouble()
    for name, content in {
        "classifier.onnx": classifier(),
        "notes.onnx": b"this is no network at all",
        "empty.onnx": b"",
        "cut.onnx": tiny_look()[:700],
    }.items():
        shared.page.click("#trouble-close")
        shared.drop(name, content)
        sentence = shared.trouble()
        assert sentence.startswith(f"{name} cannot be painted with: "), sentence
        assert len(sentence) > len(name) + 40
    shared.page.click("#trouble-close")
    assert shared.page.inner_text("#label-name") == "Tiny"
    _is_tiny_painting(shared.painting())


def test_a_look_of_ones_own_whose_name_is_hostile(shared: Visit) -> None:
    name = "<img src=x onerror=alert(1)>"
    shared.drop("own.onnx", tiny_look(name))
    shared.wait_for_look(name)
    assert shared.page.locator(".label img").count() == 0
    assert shared.complaints == []
    shared.choose("Tiny")


def test_a_picture_and_a_video(shared: Visit, tmp_path: Path) -> None:
    guest, page = shared, shared.page
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (255, 255, 255)).save(out, "PNG")
    guest.drop("white.png", out.getvalue(), "image/png")
    page.wait_for_selector("body[data-subject=picture]")
    page.wait_for_timeout(400)
    assert guest.painting().std(axis=(0, 1)).max() < 0.1, "a white picture paints evenly"
    guest.drop("broken.png", b"not a picture", "image/png")
    assert "could not be read as a picture" in guest.trouble()
    clip = CLIP.with_suffix(".webm")
    if clip.exists():
        page.set_input_files("#file-video", clip)
        page.wait_for_selector("body[data-subject=video]")
        page.wait_for_timeout(400)
        assert guest.painting().std() > 0.03
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    page.set_input_files("#file-video", broken)
    page.wait_for_selector("#trouble-text:has-text('cannot play')")
    page.click("#trouble-close")
    page.click("#source-button")
    page.click("#source-scene")
    page.wait_for_selector("body[data-subject=scene]")


# The network ----------------------------------------------------------------------------------


def test_a_page_without_looks(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    lay_out(tmp_path, names=())
    with serve(tmp_path) as url:
        guest = visit().open(url, painted=False)
        assert "no looks beside this page" in guest.trouble()


def test_a_download_that_breaks_off(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.page.route("**/tiny.onnx", lambda route: route.abort("connectionreset"))
    guest.open(f"{address}?backend=wasm", painted=False)
    assert "broke off" in guest.trouble()
    guest.page.unroute("**/tiny.onnx")
    guest.page.click("#trouble-action")
    guest.wait_for_painting()
    guest.page.route("**/second.onnx", lambda route: route.abort("connectionreset"))
    guest.page.click("#look-button")
    guest.page.click("#look-list button:has-text('Second')")
    assert "broke off" in guest.trouble()
    assert guest.page.inner_text("#label-name") == "Tiny"
    _is_tiny_painting(guest.painting())


def test_a_runtime_that_does_not_arrive(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.context.route("**/ort.wasm", lambda route: route.abort("connectionreset"))
    guest.open(f"{address}?backend=wasm", painted=False)
    assert "ONNX Runtime" in guest.trouble()
    assert guest.page.is_visible("#trouble-action")


# Hands, eyes and ears -------------------------------------------------------------------------


def test_keyboard(shared: Visit) -> None:
    page = shared.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    assert page.get_attribute("#play-button", "aria-label") == "Play"
    page.keyboard.press(" ")
    assert page.get_attribute("#play-button", "aria-label") == "Pause"
    for key, button in {"m": "#mirror-button", "g": "#guide-button", "s": "#figures-button"}.items():
        page.keyboard.press(key)
        assert shared.pressed(button), key
        page.keyboard.press(key.upper())
        assert not shared.pressed(button), key
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert page.is_hidden("#help")
    page.keyboard.press("f")
    page.wait_for_selector("body.exhibit")
    assert page.is_hidden(".bar") and page.is_hidden(".label")
    page.keyboard.press("Escape")
    page.wait_for_selector("body:not(.exhibit)")
    page.keyboard.press(".")
    assert page.get_attribute("#play-button", "aria-label") == "Play"
    page.keyboard.press(" ")


def test_everything_is_reached_by_tab(shared: Visit) -> None:
    page = shared.page
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    names = ["play", "step", "source", "look", "light", "guide", "mirror", "save", "figures", "full"]
    assert {f"{name}-button" for name in names} | {"camera-invite"} <= reached


def test_every_control_has_a_name(shared: Visit) -> None:
    nameless = shared.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=img], dialog, nav, section')]
            .filter(one => {
                const by = (one.getAttribute('aria-labelledby') ?? '').split(' ')
                    .map(id => document.getElementById(id)?.textContent ?? '').join('');
                const labels = [...(one.labels ?? [])].map(label => label.textContent).join('');
                const text = one.matches('button') ? one.textContent : '';
                return !(one.getAttribute('aria-label') || by || labels || text).trim()
                    && one.id !== 'trouble-action';
            }).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    repeated, dangling = shared.page.evaluate(
        """() => {
            const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
            const names = ['aria-labelledby', 'aria-controls', 'popovertarget'];
            const asked = names.flatMap(name => [...document.querySelectorAll(`[${name}]`)]
                .flatMap(one => one.getAttribute(name).split(' ')));
            return [ids.filter((id, at) => ids.indexOf(id) !== at), asked.filter(id => !ids.includes(id))];
        }"""
    )
    assert repeated == [] and dangling == []
    page = shared.page
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert page.get_attribute("#trouble-text", "aria-live") == "assertive"
    assert page.locator("h1").count() == 1


def test_a_phone(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = guest.open(f"{address}?backend=wasm").page
    page.tap("#more-button")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        _fits_a_phone(page, width)
    page.tap("#full-button")
    page.wait_for_selector("body.exhibit")
    page.touchscreen.tap(160, 400)
    page.tap("#leave-button")
    page.wait_for_selector("body:not(.exhibit)")


def _fits_a_phone(page: Any, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator(".bar button, #camera-invite").all():
        box = button.bounding_box()
        assert box, button
        assert box["width"] >= 44 and box["height"] >= 44, button
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    for panel in ("source", "look", "light"):
        page.tap(f"#{panel}-button")
        box = page.locator(f"#{panel}-panel").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        page.keyboard.press("Escape")


# What is served -------------------------------------------------------------------------------


def test_the_page_is_small_and_refers_only_to_itself() -> None:
    files = [
        path
        for path in BUILT.rglob("*")
        if path.is_file() and path.relative_to(BUILT).parts[0] not in ("runtime", "looks")
    ]
    total = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert total <= 100_000, f"{total} bytes"
    index = (BUILT / "index.html").read_text()
    assert "default-src 'none'" in index and "unsafe-inline" not in index
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", index)
    assert not re.search(r"""(src|href)=["']/""", index)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", index)
    assert "Microsoft" in (BUILT / "LICENSES.txt").read_text()
