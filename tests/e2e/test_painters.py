"""Who paints: WebGPU, WASM beside it, and what happens when one of them goes away."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from e2e.harness import LONGEST_MS, MARKS, SMALL, Visit, is_tiny_painting, lay_out, serve

pytestmark = MARKS

DEVICES = """window.devices = [];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...given) {
        const device = await request.apply(this, given);
        window.devices.push(device);
        return device;
    };"""

GOES_AWAY = """window.devices = 0;
    Object.defineProperty(GPUAdapter.prototype, 'info', {
        get: () => ({ vendor: 'test', architecture: '', device: '', description: '' })
    });
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...given) {
        const device = await request.apply(this, given);
        window.devices += 1;
        const submit = device.queue.submit.bind(device.queue);
        device.queue.submit = work => { submit(work); device.destroy(); };
        return device;
    };"""


@pytest.mark.parametrize("backend", ["webgpu", "webgl2", "wasm"])
def test_paints_the_scene(backend: str, address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(backend, viewport=SMALL).open(f"{address}?backend={backend}")
    is_tiny_painting(guest.painting())
    assert guest.page.inner_text("#label-name") == "Tiny"
    assert "CC0" in guest.page.inner_text("#label-credit")
    guest.page.keyboard.press("s")
    figures = guest.page.inner_text("#stats-list").lower()
    assert backend in figures
    assert "to the first painting" in figures
    assert all(url.startswith(address) for url in guest.requests), guest.requests
    fetched_runtime = any("/runtime/" in url for url in guest.requests)
    assert fetched_runtime == (backend == "wasm")
    # Saving a picture of a WebGL canvas reads it back, of which Chromium warns.
    assert [said for said in guest.complaints if "GPU stall due to ReadPixels" not in said] == []


def test_both_painters_paint_the_same(address: str, visit: Callable[..., Visit]) -> None:
    """A paused scene at its first moment is the same picture for both."""
    paintings = []
    for backend in ("webgpu", "wasm"):
        guest = visit("webgpu", viewport=SMALL, reduced_motion="reduce").open(
            f"{address}?backend={backend}"
        )
        paintings.append(guest.painting())
    assert np.abs(paintings[0] - paintings[1]).mean() < 0.02


def test_a_software_gpu_counts_as_none(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit("webgpu", viewport=SMALL).open(address)
    guest.page.keyboard.press("s")
    figures = guest.page.inner_text("#stats-list").lower()
    assert "onnx runtime" in figures
    assert "software" in figures, "the page says why WebGPU does not paint"


def test_a_lost_gpu_comes_back(address: str, visit: Callable[..., Visit]) -> None:
    """The engine has it back by itself: the page goes on with the painter and the canvas that it has."""
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(DEVICES)
    guest.open(f"{address}?backend=webgpu")
    guest.page.evaluate("document.querySelector('#painting canvas').id = 'before'")
    guest.page.evaluate("window.devices[0].destroy()")
    guest.page.wait_for_function("() => window.devices.length === 2")
    # The device is there before the painter is.
    is_tiny_painting(guest.until(lambda seen: seen.std() > 0, "a painting that is not blank"))
    assert guest.page.is_visible("#painting canvas#before")
    assert guest.page.is_hidden("#alert")


@pytest.mark.parametrize("forced", [False, True])
def test_a_gpu_that_cannot_bear_a_look(forced: bool, address: str, visit: Callable[..., Visit]) -> None:
    """It goes away at each painting: the engine tries again, then WASM paints and the page says why."""
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(GOES_AWAY)
    guest.open(f"{address}{'?backend=webgpu' if forced else ''}", painted=False)
    if forced:
        assert re.search("destroyed|stopped", guest.trouble())
        return
    guest.page.wait_for_selector("#status:has-text('without the GPU')", state="attached")
    is_tiny_painting(guest.painting())
    guest.page.keyboard.press("s")
    assert "was lost" in guest.page.inner_text("#stats-list")
    assert guest.page.evaluate("window.devices") == 3
    assert guest.page.is_hidden("#alert")


def test_a_browser_whose_gpu_answers_with_an_exception(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit("webgpu", viewport=SMALL)
    guest.page.add_init_script(
        "Object.defineProperty(GPUAdapter.prototype, 'info', { get() { throw new Error('no info') } })"
    )
    guest.open(address)
    is_tiny_painting(guest.painting())


def test_threads_need_nothing_more_from_the_policy(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    lay_out(tmp_path)
    with serve(tmp_path, isolated=True) as url:
        guest = visit(viewport=SMALL).open(f"{url}?backend=wasm")
        is_tiny_painting(guest.painting())
        guest.page.keyboard.press("s")
        threads = guest.page.evaluate("Math.min(4, navigator.hardwareConcurrency)")
        assert guest.page.evaluate("crossOriginIsolated")
        assert f"{threads} thread" in guest.page.inner_text("#stats-list")
        assert guest.complaints == []


def test_the_runtime_is_seen_to_arrive_and_fetched_once(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    guest.context.route("**/ort.wasm", hold)
    guest.open(f"{address}?backend=wasm", painted=False)
    guest.page.wait_for_selector("#loading-text:has-text('Fetching the WASM painter')")
    assert guest.page.locator("#loading-bar").get_attribute("value") is None
    guest.page.click("#look-button")
    guest.page.click("#look-list button:has-text('Second')")  # gives up what is on its way
    for _ in range(LONGEST_MS // 100):
        guest.page.wait_for_timeout(100)
        if held:
            break
    guest.page.wait_for_timeout(300)  # for a second one, which must not come
    assert len(held) == 1
    held[0].continue_()
    guest.wait_for_painting()
    guest.wait_for_look("Second")
    guest.page.wait_for_selector("#loading", state="hidden")
    assert guest.complaints == []


def test_a_runtime_that_does_not_arrive(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit()
    guest.context.route("**/ort.wasm", lambda route: route.abort("connectionreset"))
    guest.open(f"{address}?backend=wasm", painted=False)
    assert "Fetching the WASM painter broke off" in guest.trouble()
    guest.context.unroute("**/ort.wasm")
    guest.page.click("#alert-action")
    guest.wait_for_painting()
