"""The page's controls, by mouse, keyboard and touch."""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from e2e.harness import MARKS, SMALL, Picture, Visit, assert_tiny_painting, wait_for_picture

pytestmark = MARKS

DELAY_PAINTINGS = """window.paintings = 0;
    const DELAY_MS = 150;
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        if (message.kind !== 'paint') return post.call(this, message, ...rest);
        window.paintings += 1;
        setTimeout(() => post.call(this, message, ...rest), DELAY_MS);
    };
    if (window.GPUQueue) {
        const done = GPUQueue.prototype.onSubmittedWorkDone;
        GPUQueue.prototype.onSubmittedWorkDone = async function () {
            window.paintings += 1;
            await done.call(this);
            await new Promise(resolve => setTimeout(resolve, DELAY_MS));
        };
    }"""


def test_light_changes_the_painting(painting_page: Visit) -> None:
    page = painting_page.page
    before = painting_page.painting()
    page.click("#light-button")
    slider = page.get_by_label("Brightness")
    slider.fill("0.5")
    painting_page.wait_for_match(lambda seen: seen.mean() > before.mean() + 0.1, "a brighter painting")
    page.click("#light-reset")
    page.keyboard.press("Escape")
    assert slider.input_value() == "0"


def test_the_guide_is_shown_and_hidden(painting_page: Visit) -> None:
    page = painting_page.page
    page.keyboard.press("g")
    canvas = page.wait_for_selector("#guide-canvas canvas")

    # A WebGPU canvas can be read only in the task that painted it, but a screenshot works at any time.
    # Parts that other elements may cover are left out.
    def take_screenshot() -> Picture:
        screenshot = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
        return np.asarray(screenshot, dtype=float)[8 : screenshot.height // 2, 8:-8]

    guide = wait_for_picture(
        take_screenshot, lambda seen: bool(seen.std() > 10), "a guide that is not blank"
    )
    page.keyboard.press("g")
    assert np.abs(guide[..., 0] - guide[..., 2]).max() < 2, "the guide is grey"
    assert page.is_hidden("#guide-view")


def test_mirror_flips_the_painting(painting_page: Visit) -> None:
    painting_page.page.click("#play-button")
    before = painting_page.painting()
    painting_page.page.click("#mirror-button")
    after = painting_page.wait_for_match(
        lambda seen: np.abs(seen - before).mean() > 0.02, "another painting"
    )
    painting_page.page.click("#mirror-button")
    painting_page.page.click("#play-button")
    assert np.abs(after[:, ::-1].mean(axis=2) - before.mean(axis=2)).mean() < 0.02


def test_steps_and_plays(painting_page: Visit) -> None:
    page = painting_page.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    before = painting_page.painting()
    assert np.array_equal(before, painting_page.painting()), "the painting does not change during a pause"
    for _ in range(12):
        page.keyboard.press(".")
        page.wait_for_timeout(30)
    stepped = painting_page.wait_for_match(
        lambda seen: not np.array_equal(before, seen), "the painting after a step"
    )
    page.keyboard.press(" ")
    painting_page.wait_for_match(
        lambda seen: not np.array_equal(stepped, seen), "a new painting while playing"
    )


@pytest.mark.parametrize("backend", ["wasm", "webgpu"])
def test_play_while_a_step_is_being_painted(
    backend: str, address: str, visit: Callable[..., Visit]
) -> None:
    guest = visit(backend, viewport=SMALL)
    guest.page.add_init_script(DELAY_PAINTINGS)
    page = guest.open(f"{address}?backend={backend}").page
    for gap in (30, 80):
        page.keyboard.press(".")
        page.wait_for_timeout(gap)
        page.keyboard.press(" ")
        page.wait_for_timeout(400)  # the painting of the step is done
        count = page.evaluate("window.paintings")
        page.wait_for_function("count => window.paintings > count + 1", arg=count)
    assert guest.problems == []


@pytest.mark.parametrize("backend", ["wasm", "webgpu"])
def test_save_waits_for_no_idle_time(address: str, visit: Callable[..., Visit], backend: str) -> None:
    """Chromium's `toBlob` encodes when a page is idle. One that learns on a busy machine never is."""
    guest = visit(backend).open(f"{address}?backend={backend}")
    guest.page.evaluate("HTMLCanvasElement.prototype.toBlob = () => undefined")
    with guest.page.expect_download() as download:
        guest.page.click("#save-button")
    assert download.value.suggested_filename.endswith(".png")
    assert_tiny_painting(guest.painting())
    guest.page.wait_for_selector("#status:has-text('The painting is in your downloads.')")


def test_reduced_motion_starts_paused(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(reduced_motion="reduce").open(f"{address}?backend=wasm")
    assert guest.page.get_attribute("#play-button", "aria-label") == "Play"
    before = guest.painting()
    guest.page.wait_for_timeout(500)
    assert np.array_equal(before, guest.painting())


def test_keyboard(shared: Visit) -> None:
    page = shared.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    assert page.get_attribute("#play-button", "aria-label") == "Play"
    page.keyboard.press(" ")
    assert page.get_attribute("#play-button", "aria-label") == "Pause"
    for key, button in {"m": "#mirror-button", "g": "#guide-button", "s": "#stats-button"}.items():
        page.keyboard.press(key)
        assert shared.is_pressed(button), key
        page.keyboard.press(key.upper())
        assert not shared.is_pressed(button), key
    page.keyboard.press("?")
    assert page.is_visible("#help")
    for key in ("m", "f", "."):
        page.keyboard.press(key)
    assert not shared.is_pressed("#mirror-button"), "shortcuts do nothing while a dialog is open"
    assert page.get_attribute("#play-button", "aria-label") == "Pause"
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("f")
    page.wait_for_selector("body.exhibit")
    assert page.is_hidden(".bar") and page.is_hidden(".label")
    page.keyboard.press("Escape")
    page.wait_for_selector("body:not(.exhibit)")
    page.keyboard.press(".")
    assert page.get_attribute("#play-button", "aria-label") == "Play"
    page.keyboard.press(" ")


def test_help_leaves_full_screen(shared: Visit) -> None:
    page = shared.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("f")
    page.wait_for_selector("body.exhibit")
    page.keyboard.press("?")
    page.wait_for_selector("body:not(.exhibit)")
    page.wait_for_selector("#help")
    page.keyboard.press("?")
    page.wait_for_selector("#help", state="hidden")


def test_the_display_may_sleep_again_after_full_screen(address: str, visit: Callable[..., Visit]) -> None:
    """Also if the browser grants the wake lock late."""
    guest = visit(viewport=SMALL)
    guest.page.add_init_script(
        """window.released = 0;
        const lock = { release: async () => { window.released += 1; } };
        const request = () => new Promise(resolve => setTimeout(() => resolve(lock), 300));
        Object.defineProperty(navigator, 'wakeLock', { value: { request } });"""
    )
    page = guest.open(address, painted=False).page
    page.evaluate("document.getElementById('full-button').click()")
    page.evaluate("document.getElementById('leave-button').click()")
    page.wait_for_function("() => window.released === 1")


def test_every_button_is_reachable_by_tab(shared: Visit) -> None:
    page = shared.page
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    names = ["play", "step", "source", "look", "light", "guide", "mirror", "save", "stats", "full"]
    assert {f"{name}-button" for name in names} | {"camera-button"} <= reached


def test_every_control_has_a_name(shared: Visit) -> None:
    nameless = shared.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=img], dialog, nav, section')]
            .filter(one => {
                const by = (one.getAttribute('aria-labelledby') ?? '').split(' ')
                    .map(id => document.getElementById(id)?.textContent ?? '').join('');
                const labels = [...(one.labels ?? [])].map(label => label.textContent).join('');
                const text = one.matches('button') ? one.textContent : '';
                return !(one.getAttribute('aria-label') || by || labels || text).trim()
                    && one.id !== 'alert-action';
            }).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    repeated, dangling = shared.page.evaluate(
        """() => {
            const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
            const names = ['aria-labelledby', 'aria-controls', 'popovertarget'];
            const references = names.flatMap(name => [...document.querySelectorAll(`[${name}]`)]
                .flatMap(one => one.getAttribute(name).split(' ')));
            const dangling = references.filter(id => !ids.includes(id));
            return [ids.filter((id, at) => ids.indexOf(id) !== at), dangling];
        }"""
    )
    assert repeated == [] and dangling == []
    page = shared.page
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert page.get_attribute("#alert-text", "aria-live") == "assertive"
    assert page.locator("h1").count() == 1


def test_a_phone(address: str, visit: Callable[..., Visit]) -> None:
    guest = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = guest.open(f"{address}?backend=wasm").page
    page.tap("#more-button")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function("width => innerWidth === width", arg=width)
        _assert_fits_phone(page, width)
    page.tap("#full-button")
    page.wait_for_selector("body.exhibit")
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    for _ in range(20):  # the button is shown for three seconds, which may pass on a busy machine
        page.touchscreen.tap(160, 400)
        with contextlib.suppress(PlaywrightTimeout):
            page.tap("#leave-button", timeout=3000)
            break
    page.wait_for_selector("body:not(.exhibit)")


def _assert_fits_phone(page: Any, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator(".bar button, #camera-button").all():
        box = button.bounding_box()
        assert box, button
        assert box["width"] >= 44 and box["height"] >= 44, button
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    for panel in ("source", "look", "light"):
        page.tap(f"#{panel}-button")
        box = page.locator(f"#{panel}-panel").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        page.keyboard.press("Escape")
