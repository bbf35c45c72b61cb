"""The choice of the backend (WebGPU, WebGL2 or WASM), device loss, and fetching the WASM runtime."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from e2e.harness import (
    ISOLATED,
    MARKS,
    MAX_WAIT_MS,
    SMALL,
    Visit,
    assert_tiny_painting,
    embed,
    make_site,
    serve,
)
from helpers.strangers import STRANGERS, network

pytestmark = MARKS

NOT_FETCHED = "A part of this page could not be fetched. Check the connection and try again."
MISH = network([helper.make_node("Mish", ["x"], ["y"])], opset=18)
"""A network whose operator only the part of the engine for rarer ones knows."""

RECORD_DEVICES = """window.devices = [];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await request.apply(this, args);
        window.devices.push(device);
        return device;
    };"""

LOSE_DEVICE_AT_SUBMIT = """window.devices = 0;
    Object.defineProperty(GPUAdapter.prototype, 'info', {
        get: () => ({ vendor: 'test', architecture: '', device: '', description: '' })
    });
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await request.apply(this, args);
        window.devices += 1;
        const submit = device.queue.submit.bind(device.queue);
        device.queue.submit = work => { submit(work); device.destroy(); };
        return device;
    };"""


SLOW_COMPILER = """const compile = GPUDevice.prototype.createComputePipelineAsync;
    let count = 0;
    GPUDevice.prototype.createComputePipelineAsync = async function (...args) {
        const wait = 1500 * ++count;
        const pipeline = await compile.apply(this, args);
        await new Promise(resolve => setTimeout(resolve, wait));
        return pipeline;
    };
    window.said = [];
    addEventListener('DOMContentLoaded', () => {
        const status = document.getElementById('status');
        new MutationObserver(() => window.said.push(status.textContent))
            .observe(status, { childList: true, characterData: true, subtree: true });
    });"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob: mediastream:; connect-src 'self'; worker-src "
)
"""A site's policy, without 'wasm-unsafe-eval'. It ends with what may run as a worker."""

NO_WEBGL2 = """for (const canvas of [HTMLCanvasElement, OffscreenCanvas]) {
        const original = canvas.prototype.getContext;
        canvas.prototype.getContext = function (kind, ...args) {
            return kind === 'webgl2' ? null : original.call(this, kind, ...args);
        };
    }"""

BREAK_WASM_ON_DEMAND = """const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        if (!window.broken || message.kind !== 'paint') return post.call(this, message, ...rest);
        post.call(this, { ...message, rgba: null });
    };"""

COUNT_FRAMES = """const request = window.requestAnimationFrame;
    window.framesRequested = 0;
    window.requestAnimationFrame = callback => {
        window.framesRequested += 1;
        return request(callback);
    };"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2", "wasm"])
def test_paints_the_scene(backend: str, address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(backend, viewport=SMALL).open(f"{address}?backend={backend}")
    assert_tiny_painting(guest.painting())
    assert guest.page.inner_text("#label-name") == "Tiny"
    assert "CC0" in guest.page.inner_text("#label-credit")
    guest.page.keyboard.press("s")
    figures = guest.page.inner_text("#stats-list").lower()
    assert backend in figures
    assert "to the first painting" in figures
    assert all(url.startswith(address) for url in guest.requests), guest.requests
    fetched_runtime = any("/runtime/" in url for url in guest.requests)
    assert fetched_runtime == (backend == "wasm")
    # Saving a picture of a WebGL canvas reads it back, and Chromium warns about that.
    assert [problem for problem in guest.problems if "GPU stall due to ReadPixels" not in problem] == []


def test_webgpu_and_wasm_give_the_same_painting(address: str, visit: Callable[..., Visit]) -> None:
    """With reduced motion the scene is paused at its first frame, so both get the same picture."""
    paintings = []
    for backend in ("webgpu", "wasm"):
        guest = visit("webgpu", viewport=SMALL, reduced_motion="reduce").open(
            f"{address}?backend={backend}"
        )
        paintings.append(guest.painting())
    assert np.abs(paintings[0] - paintings[1]).mean() < 0.02


def test_a_software_gpu_is_not_used(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit("webgpu", viewport=SMALL).open(address)
    guest.page.keyboard.press("s")
    figures = guest.page.inner_text("#stats-list").lower()
    assert "onnx runtime" in figures
    assert "software" in figures, "the page says why it does not use WebGPU"


@pytest.mark.parametrize("workers", ["'self'", "'none'"])
def test_a_policy_that_forbids_webassembly_or_workers(
    workers: str, folder: Path, visit: Callable[..., Visit]
) -> None:
    """A GPU in software paints then, slowly, and the page says so."""
    with serve(folder, headers={"Content-Security-Policy": POLICY + workers}) as url:
        guest = visit(viewport=SMALL).open(url)
        guest.page.wait_for_selector("#status:has-text('slowly')")
        assert_tiny_painting(guest.painting())
        guest.page.keyboard.press("s")
        figures = guest.page.inner_text("#stats-list")
        assert re.search("painted by\\s+WebGL2", figures)
        assert "why not WASM" in figures
        guest.drop("unknown-operator.onnx", STRANGERS["unknown-operator"].content)
        assert guest.alert_text() == (
            "unknown-operator.onnx cannot be painted with here: it cannot run on a graphics processor, and "
            "the policy of this site forbids WebAssembly."
        )
        assert guest.page.is_hidden("#alert-action"), "trying again does not help"


def test_a_policy_that_forbids_workers_alone(folder: Path, visit: Callable[..., Visit]) -> None:
    policy = POLICY.replace("script-src", "script-src 'wasm-unsafe-eval'") + "'none'"
    with serve(folder, headers={"Content-Security-Policy": policy}) as url:
        guest = visit(viewport=SMALL)
        guest.page.add_init_script(NO_WEBGL2)
        guest.open(url, painted=False)
        assert "the policy of this site may forbid workers" in guest.alert_text("worker did not start")


def test_a_frame_in_a_sandbox_without_webgl2(
    folder: Path, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    """A page without an origin of its own can start no worker, so the runtime is not fetched."""
    with (
        serve(folder, headers={"Access-Control-Allow-Origin": "*"}) as url,
        embed(tmp_path, url, 'sandbox="allow-scripts"') as around,
    ):
        guest = visit(viewport=SMALL)
        guest.page.add_init_script(NO_WEBGL2)
        inside = guest.open(around, painted=False).page.frames[1]
        inside.wait_for_selector("#alert-text:has-text('sandbox, where WASM does not run')")
        assert inside.is_visible("#alert-action:has-text('new tab')")
        assert not any("/runtime/" in address for address in guest.requests)


def test_wasm_that_is_lost_gives_way_to_a_gpu_in_software(
    address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(viewport=SMALL)
    guest.page.add_init_script(BREAK_WASM_ON_DEMAND)
    guest.open(address)
    guest.page.evaluate("window.broken = true")
    guest.page.wait_for_selector("#status:has-text('slowly')")
    assert_tiny_painting(guest.painting())
    guest.page.keyboard.press("s")
    assert "WASM was lost" in guest.page.inner_text("#stats-list")
    assert guest.page.is_hidden("#alert")


def test_a_browser_that_cannot_paint_at_all(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL)
    guest.page.add_init_script(f"delete globalThis.WebAssembly; {NO_WEBGL2}")
    guest.open(address, painted=False)
    sentence = guest.alert_text("cannot be painted with here")
    assert "no graphics processor" in sentence and "no WebAssembly" in sentence
    assert "Turn on graphics acceleration" in sentence and "another browser" in sentence


def test_a_part_of_the_engine_that_is_not_fetched(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL)
    guest.context.route("**/assets/webgl2-*.js", lambda route: route.abort("failed"))
    guest.open(f"{address}?backend=webgl2", painted=False)
    assert guest.alert_text() == NOT_FETCHED
    guest.context.unroute("**/assets/webgl2-*.js")
    guest.page.click("#alert-action")
    guest.wait_for_painting()


@pytest.mark.parametrize("name", ["mish", "any-size"])
def test_a_part_for_other_networks_that_is_not_fetched(
    address: str, visit: Callable[..., Visit], name: str
) -> None:
    """One network has an operator, and one a size, that our own looks do not have."""
    guest = visit(viewport=SMALL).open(f"{address}?backend=webgl2")
    guest.context.route("**/assets/extended-*.js", lambda route: route.abort("failed"))
    guest.drop(f"{name}.onnx", MISH if name == "mish" else STRANGERS[name].content)
    assert guest.alert_text() == NOT_FETCHED, "it is no fault of the file"
    guest.context.unroute("**/assets/extended-*.js")
    guest.page.click("#alert-action")
    guest.wait_for_look(name)
    assert guest.page.is_hidden("#alert")


def test_a_damaged_file_without_a_network(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open(f"{address}?backend=webgl2")
    guest.context.route("**/*", lambda route: route.abort("internetdisconnected"))
    guest.drop("garbage.onnx", STRANGERS["garbage"].content)
    assert guest.alert_text().startswith("garbage.onnx cannot be painted with here: it is no network")


def test_a_look_for_another_backend_than_that_of_the_url(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport=SMALL).open(f"{address}?backend=webgl2")
    for name in ("unknown-operator", "scalar-of-unknown-operator"):
        guest.drop(f"{name}.onnx", STRANGERS[name].content)
        assert guest.alert_text(name) == (
            f"{name}.onnx cannot be painted with here: the address of this page asks for "
            "“backend=webgl2”, which does not paint it; remove that from the address."
        )
        assert guest.page.is_hidden("#alert-action"), "trying again does not help"


def test_a_slow_compiler_shows_progress(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit("webgpu")
    guest.page.add_init_script(SLOW_COMPILER)
    guest.open(f"{address}?backend=webgpu", painted=False)
    guest.page.wait_for_selector("#loading-text:text-matches('^Preparing 1 of [2-9] kernels$')")
    assert guest.page.is_visible("#loading-bar")
    guest.wait_for_painting()
    guest.page.wait_for_selector("#loading", state="hidden")
    announced = [text for text in guest.page.evaluate("window.said") if "Preparing" in text]
    assert len(announced) == 1, "a screen reader hears it once"
    assert re.fullmatch(r"Preparing [2-9] kernels for this look\.", announced[0])


def test_recovery_after_a_device_loss(address: str, visit: Callable[..., Visit]) -> None:
    """The engine recovers on its own: the page keeps its painter and its canvas."""
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(RECORD_DEVICES)
    guest.open(f"{address}?backend=webgpu")
    guest.page.evaluate("document.querySelector('#painting canvas').id = 'before'")
    guest.page.evaluate("window.devices[0].destroy()")
    guest.page.wait_for_function("() => window.devices.length === 2")
    # The new device exists before the painter is ready.
    assert_tiny_painting(guest.wait_for_match(lambda seen: seen.std() > 0, "a painting that is not blank"))
    assert guest.page.is_visible("#painting canvas#before")
    assert guest.page.is_hidden("#alert")


@pytest.mark.parametrize("forced", [False, True])
def test_a_look_that_loses_the_device_at_each_painting(
    forced: bool, address: str, visit: Callable[..., Visit]
) -> None:
    """The engine tries again; then WASM paints and the page says why.

    If WebGPU is forced, the page shows an alert instead.
    """
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(LOSE_DEVICE_AT_SUBMIT)
    guest.open(f"{address}{'?backend=webgpu' if forced else ''}", painted=False)
    if forced:
        assert re.search("destroyed|stopped", guest.alert_text())
        return
    guest.page.wait_for_selector("#status:has-text('without the GPU')", state="attached")
    assert_tiny_painting(guest.painting())
    guest.page.keyboard.press("s")
    assert "was lost" in guest.page.inner_text("#stats-list")
    assert guest.page.evaluate("window.devices") == 3
    assert guest.page.is_hidden("#alert")


def test_an_exception_while_detecting_the_gpu(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(
        "Object.defineProperty(GPUAdapter.prototype, 'info', { get() { throw new Error('no info') } })"
    )
    guest.open(address)
    assert_tiny_painting(guest.painting())


def test_threads_work_under_the_content_security_policy(
    tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    make_site(tmp_path)
    with serve(tmp_path, headers=ISOLATED) as url:
        guest = visit(viewport=SMALL).open(f"{url}?backend=wasm")
        assert_tiny_painting(guest.painting())
        guest.page.keyboard.press("s")
        threads = guest.page.evaluate("Math.min(4, navigator.hardwareConcurrency)")
        assert guest.page.evaluate("crossOriginIsolated")
        assert f"{threads} thread" in guest.page.inner_text("#stats-list")
        assert guest.problems == []


def test_the_runtime_shows_progress_and_is_fetched_once(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    guest.context.route("**/ort.wasm", hold)
    guest.open(f"{address}?backend=wasm", painted=False)
    guest.page.wait_for_selector("#loading-text:has-text('Fetching the WASM painter')")
    assert guest.page.locator("#loading-bar").get_attribute("value") is None
    guest.page.click("#look-button")
    guest.page.click("#look-list button:has-text('Second')")  # cancels the look that is loading
    for _ in range(MAX_WAIT_MS // 100):
        guest.page.wait_for_timeout(100)
        if held:
            break
    guest.page.wait_for_timeout(300)  # a second request must not come
    assert len(held) == 1
    held[0].continue_()
    guest.wait_for_painting()
    guest.wait_for_look("Second")
    guest.page.wait_for_selector("#loading", state="hidden")
    assert guest.problems == []


def test_the_scene_stands_still_until_there_is_a_painter(address: str, visit: Callable[..., Visit]) -> None:
    """Without a GPU, showing its frames would slow what loads."""
    guest = visit()
    guest.context.add_init_script(COUNT_FRAMES)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    guest.context.route("**/ort.wasm", hold)
    guest.open(f"{address}?backend=wasm", painted=False)
    guest.page.wait_for_selector("#loading-text:has-text('Fetching the WASM painter')")
    guest.page.wait_for_timeout(300)
    assert guest.page.evaluate("framesRequested") == 0
    held[0].continue_()
    guest.wait_for_painting()
    guest.page.wait_for_function("framesRequested > 1")


def test_an_interrupted_runtime_download(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.context.route("**/ort.wasm", lambda route: route.abort("connectionreset"))
    guest.open(f"{address}?backend=wasm", painted=False)
    assert "Fetching the WASM painter broke off" in guest.alert_text()
    guest.context.unroute("**/ort.wasm")
    guest.page.click("#alert-action")
    guest.wait_for_painting()
