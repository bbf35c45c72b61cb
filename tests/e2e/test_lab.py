"""The lab page: it learns, keeps its state in the address, and works by keyboard and on a phone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import Visit
from e2e.lab import (
    AXE,
    LAB_MARKS,
    LOSS,
    PHONE,
    STEP,
    STOPPED,
    assert_no_long_task_in_play,
    find_violations,
    lab,
    lab_address,
    save_network,
    served_lab,
    served_lab_address,
    wait_until,
)
from lab_sizes import fetched_files, is_engine, open_and_play
from limner.page.lab import WEB

__all__ = ["lab", "lab_address", "served_lab", "served_lab_address"]

pytestmark = LAB_MARKS

TABS = ("line", "descent", "digits", "pictures")

MAX_BYTES = 45_000


def steady_step(page: Any) -> int:
    """The number of steps, when those that were under way at a pause are done."""
    last, now = -1, int(page.evaluate(STEP))
    while last != now:
        page.wait_for_timeout(1000)
        last, now = now, int(page.evaluate(STEP))
    return now


@pytest.mark.parametrize(
    "tab",
    (*TABS, "painter", "painter?net=activations", "painter?net=synaptic", "measure", "descent?on=mnist"),
)
def test_a_tab_is_small(lab_address: str, visit: Callable[..., Visit], tab: str) -> None:
    """All tabs together are more than the 45 kB that a visitor of one of them fetches."""
    page = visit().page
    open_and_play(page, f"{lab_address}#{tab}")
    files = fetched_files(page)
    own = {name: size for name, size in files.items() if not is_engine(name)}
    assert any(name.endswith(".js") for name in own) and any(name.endswith(".css") for name in own)
    assert sum(own.values()) <= MAX_BYTES, own
    assert any(name.startswith("engine-") for name in files.keys() - own.keys())


def test_a_lab_that_is_opened_from_a_folder_says_what_serves_it(visit: Callable[..., Visit]) -> None:
    guest = visit().open((WEB / "index.html").as_uri(), painted=False)
    assert "type “limner lab”; without limner" in guest.page.inner_text(".noscript")


def test_it_refers_only_to_itself() -> None:
    files = [path for path in WEB.rglob("*") if path.is_file()]
    index = (WEB / "index.html").read_text()
    assert "default-src 'none'" in index and "unsafe" not in index
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", index)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", index)
    assert not any(re.search(rb"\beval\(|new Function\(", path.read_bytes()) for path in files)


def test_a_network_learns_in_five_seconds(lab: Any) -> None:
    page = lab("#line?hidden=1&epochs=2000&seed=7")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 0")
    first = page.evaluate(LOSS)
    page.wait_for_timeout(5000)
    page.click("#play-button")
    wait_until(page, STOPPED)
    assert page.evaluate(LOSS) < first
    assert page.evaluate(STEP) > 20
    assert "CPU" in page.inner_text("#chip") and "steps/s" in page.inner_text("#chip")


def test_the_same_seed_gives_the_same_curve(lab: Any) -> None:
    page = lab("#line?hidden=1&epochs=5&batch=20&seed=3")

    def run() -> str:
        page.click("#play-button")
        wait_until(page, f"{STOPPED} && {STEP} === 20")
        text: str = page.inner_text(".figures")
        return text

    first = run()
    page.click("#reset-button")
    wait_until(page, f"{STEP} === 0")
    assert run() == first
    page.fill("input[type=number]", "4")
    page.press("input[type=number]", "Enter")
    wait_until(page, f"{STEP} === 0")
    assert run() != first


def test_the_address_is_the_state(lab: Any) -> None:
    address = "#descent?on=beale&m=0.7&start=0.5_1.25&who=adam.lion&lr-adam=0.05&slow=1"
    page = lab(address)
    wait_until(page, "document.querySelector('select').value === 'beale'")
    assert page.evaluate("location.hash") == address
    assert page.locator(".racer:not(.out)").count() == 2
    page.click("nav a:has-text('Line')")
    page.wait_for_selector(".bench.line")
    assert page.evaluate("location.hash") == "#line"
    page.go_back()
    page.wait_for_selector(".bench.descent")
    assert page.evaluate("location.hash") == address
    page.select_option("select", "ravine")
    assert "on=" not in page.evaluate("location.hash")


def test_a_tab_comes_back_as_it_was_left(lab: Any) -> None:
    address = "#line?hidden=1&batch=1&epochs=2000&seed=7"
    page = lab(address)
    page.click("#play-button")
    wait_until(page, f"{STEP} > 5")
    page.click("nav a:has-text('Descent')")
    page.wait_for_selector(".bench.descent")
    assert page.inner_text("#play-button") == "Play"
    page.click("nav a:has-text('Line')")
    page.wait_for_selector(".bench.line")
    assert page.evaluate("location.hash") == address
    steps = steady_step(page)
    assert steps > 5
    page.click("#play-button")
    wait_until(page, f"{STEP} > {steps}")


def test_a_run_that_is_asked_for_early_can_be_paused(served_lab: Any) -> None:
    """It is left before its network is built."""
    page = served_lab("#digits?net=linear")
    page.evaluate("document.getElementById('play-button').click()")
    page.wait_for_selector("#play-button:has-text('Pause')")
    page.evaluate("location.hash = '#line'")
    page.wait_for_selector(".bench.line")
    page.click("nav a:has-text('Digits')")
    page.wait_for_selector(".bench.digits .layers canvas")
    assert page.inner_text("#play-button") == "Play"
    steps = steady_step(page)
    page.wait_for_timeout(1000)
    assert page.evaluate(STEP) == steps
    page.click("#play-button")
    wait_until(page, f"{STEP} > {steps}")


def test_a_tab_that_could_not_be_fetched_says_so(lab_address: str, visit: Callable[..., Visit]) -> None:
    page = visit().open(f"{lab_address}#line", painted=False).page
    page.wait_for_selector(".bench.line")
    page.route("**/*.js", lambda route: route.abort())
    page.click("nav a:has-text('Descent')")
    page.wait_for_selector(".loading:has-text('Descent could not be opened.')")
    page.unroute("**/*.js")
    page.click("text=Reload the page")
    page.wait_for_selector(".bench.descent")


def test_characters_act_only_where_the_focus_is_on_the_bench(lab: Any) -> None:
    page = lab("#line")
    page.keyboard.press("s")
    page.focus("#theme-button")
    page.keyboard.press("s")
    assert page.evaluate("location.hash") == "#line"
    page.focus(".slider input >> nth=0")
    page.keyboard.press("s")
    assert page.evaluate("location.hash") == "#line?slow=1"


def test_a_run_by_keyboard_alone(lab: Any) -> None:
    page = lab("#line?epochs=1000")

    def reach(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never came to {selector}")

    reach("nav a[href^='#line']")
    reach("button.about")
    page.wait_for_selector(".about-card")
    assert page.get_attribute(".about[aria-expanded=true]", "aria-describedby") == "about-text"
    page.keyboard.press("Escape")
    page.wait_for_selector(".about-card", state="detached")
    reach(".slider input")
    page.keyboard.press("ArrowRight")
    assert "hidden=1" in page.evaluate("location.hash")
    reach("#play-button")
    page.keyboard.press("Enter")
    wait_until(page, f"{STEP} > 5")
    page.keyboard.press("Enter")
    wait_until(page, STOPPED)
    before = steady_step(page)
    page.keyboard.press(".")
    wait_until(page, f"{STEP} === {before} + 1")
    page.keyboard.press("r")
    wait_until(page, f"{STEP} === 0")
    page.keyboard.press("s")
    assert "slow=1" in page.evaluate("location.hash")


def test_the_start_moves_by_keyboard_and_by_pointer(lab: Any) -> None:
    page = lab("#descent")
    page.wait_for_selector(".map .start")
    page.focus(".map .start")
    page.keyboard.press("ArrowRight")
    moved = page.evaluate("location.hash")
    assert "start=" in moved
    box = page.locator(".map canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    assert page.evaluate("location.hash") != moved
    assert page.evaluate("decodeURIComponent(location.hash)").split("start=")[1].startswith("1.3_0.6")


BRIGHTNESS = """(() => {
  const map = document.querySelector('.map canvas');
  const copy = new OffscreenCanvas(map.width, map.height).getContext('2d');
  copy.drawImage(map, 0, 0);
  const { data } = copy.getImageData(0, 0, map.width, map.height);
  return data.reduce((sum, value, i) => (i % 4 === 1 ? sum + value : sum), 0) / (data.length / 4);
})()"""
"""Of the map: its mean green, 0 to 255."""


def test_canvases_follow_the_theme(lab: Any) -> None:
    page = lab("#descent", color_scheme="light")
    page.wait_for_selector(".map canvas")
    wait_until(page, f"{BRIGHTNESS} > 150")
    page.click("#theme-button")
    wait_until(page, f"{BRIGHTNESS} < 100")
    page.emulate_media(color_scheme="dark")
    page.click("#theme-button")
    wait_until(page, f"{BRIGHTNESS} > 150")


@pytest.mark.parametrize("tab", TABS)
def test_on_a_phone_nothing_lies_outside(lab: Any, tab: str) -> None:
    page = lab(f"#{tab}", viewport=PHONE, has_touch=True)
    page.wait_for_selector(f".bench.{tab} canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.tap(".about >> nth=0")
    card = page.locator(".about-card").bounding_box()
    assert card["x"] >= 0 and card["x"] + card["width"] <= PHONE["width"]
    page.tap(".about-card button:has-text('Formula')")
    assert page.get_attribute(".about-text", "data-depth") == "formula"


@pytest.mark.parametrize("tab", TABS)
def test_no_task_keeps_the_page_waiting(lab_address: str, browser: Any, tab: str, tmp_path: Path) -> None:
    assert_no_long_task_in_play(browser, f"{lab_address}#{tab}", tmp_path / "trace.json")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("tab", TABS)
def test_axe_finds_nothing(lab: Any, tab: str, scheme: str) -> None:
    page = lab(f"#{tab}", color_scheme=scheme, bypass_csp=True)
    page.wait_for_selector(f".bench.{tab} canvas")
    page.focus(".about >> nth=0")
    found = find_violations(page)
    assert found == [], json.dumps(found, indent=1)


def test_the_network_is_saved_as_onnx(lab: Any) -> None:
    page = lab("#line?hidden=1&epochs=3")
    page.click("#play-button")
    wait_until(page, f"{STOPPED} && {STEP} > 0")
    (output,) = save_network(page).run(None, {"x": [[100.0], [200.0]]})
    assert output.shape == (2, 1)
    with page.expect_download() as download:
        page.click("#plot-button")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_loss_is_read_out_every_ten_seconds(lab: Any) -> None:
    page = lab("#line?epochs=300")
    page.click("#play-button")
    wait_until(page, "document.getElementById('announcer').textContent.includes('the loss is')")
    assert page.get_attribute("#announcer", "aria-live") == "polite"


def test_a_table_of_ones_own_is_learned(lab: Any) -> None:
    page = lab("#line")
    rows = "\n".join(f"{x};{3 * x + 1}" for x in range(20))
    page.set_input_files(
        "input[type=file]",
        {"name": "own.csv", "mimeType": "text/csv", "buffer": f"size;price\n{rows}".encode()},
    )
    page.wait_for_selector("text=own.csv: 20 examples.")
    page.set_input_files(
        "input[type=file]", {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"only words"}
    )
    page.wait_for_selector("#said:has-text('bad.csv has no two columns of numbers')")
