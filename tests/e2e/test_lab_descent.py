"""The lab's tab Descent: MNIST's two runs, the plane through their ends and the race on it; the command."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import MARKS, MAX_WAIT_MS
from e2e.lab import AXE, PHONE, assert_no_long_task, find_violations, lab, lab_address, wait_until
from limner.page.lab import WEB

__all__ = ["lab", "lab_address"]

pytestmark = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

ADDRESS = "#descent?on=mnist&first=muon&run=20"
LONG_ADDRESS = "#descent?on=mnist&run=1000"
"""Runs that last: what is said of short ones may pass unseen."""
PLANE = "document.querySelector('.plane').textContent"
IS_DONE = f"{PLANE}.includes('ends ') && !{PLANE}.includes('so far')"
LOSSES = "[...document.querySelectorAll('.racer .loss')].map(one => one.textContent).filter(Boolean).join()"


def test_two_runs_make_a_plane_to_race_on(lab: Any) -> None:
    page = lab(ADDRESS)
    wait_until(page, IS_DONE)
    assert "Muon ends" in page.inner_text(".plane") and "Adam ends" in page.inner_text(".plane")
    assert "off the plane" in page.inner_text(".plane")
    assert "moves matrices" in page.inner_text(".racer.absent")
    before = page.evaluate(LOSSES)
    page.focus(".map .start")
    page.keyboard.press("ArrowRight")
    wait_until(page, f"{LOSSES} !== {json.dumps(before)}")
    assert "start=" in page.evaluate("location.hash")


def test_the_same_address_gives_the_same_plane(lab: Any) -> None:
    told = []
    for seed in (1, 1, 2):
        page = lab(f"{ADDRESS}&seed={seed}&who=batch.adam")
        wait_until(page, IS_DONE)
        told.append((page.inner_text(".plane"), page.evaluate(LOSSES)))
    assert told[0] == told[1] != told[2]


def test_long_runs_say_what_they_learn(lab: Any) -> None:
    page = lab(LONG_ADDRESS)
    wait_until(page, f"{PLANE}.includes('Two runs learn Drawn digits')")


@pytest.mark.parametrize("address", [ADDRESS, LONG_ADDRESS], ids=["short", "long"])
def test_another_surface_ends_the_runs(lab: Any, address: str) -> None:
    """Short ones may just then have something to say."""
    page = lab(address)
    wait_until(page, f"{PLANE} !== ''")
    page.select_option("select >> nth=0", "beale")
    wait_until(page, f"{PLANE} === ''")
    page.wait_for_timeout(1000)
    assert page.inner_text(".plane") == ""
    assert page.locator("text=First run").is_hidden()


def test_another_tab_ends_the_runs_and_they_begin_anew(lab: Any) -> None:
    page = lab(LONG_ADDRESS)
    wait_until(page, f"{PLANE}.includes('Two runs')")
    page.click("nav a:has-text('Line')")
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while page.workers:
        assert time.monotonic() < end, page.workers
        page.wait_for_timeout(50)
    page.go_back()
    wait_until(page, f"{PLANE}.includes('Two runs')")
    assert page.workers


def test_no_task_keeps_the_page_waiting(lab_address: str, browser: Any, tmp_path: Path) -> None:
    """From the first digit to the last cell of the map, and while the largest batches race."""

    def act(page: Any) -> None:
        wait_until(page, IS_DONE)
        page.wait_for_timeout(1500)

    address = f"{lab_address}{ADDRESS}&who=batch.mini&batch=128&steps=500"
    assert_no_long_task(browser, address, tmp_path / "trace.json", act, element=".bench.descent canvas")


def test_the_box_has_the_command_where_python_has_the_surface(lab: Any) -> None:
    page = lab("#descent?on=beale&who=batch.adam&lr-adam=0.2&start=-1_0.5")
    assert page.input_value("#python-command") == (
        "limner lab descent --on beale --who batch.adam --start=-1,0.5 --lr adam=0.2"
    )
    page.select_option("select >> nth=0", "mnist")
    page.wait_for_selector("#python", state="hidden")
    page.select_option("select >> nth=0", "ravine")
    page.wait_for_selector("#python-command", state="visible")
    # The cars are not there, so the page draws points, which Python does not.
    page.select_option("select >> nth=0", "cars")
    page.wait_for_selector("#python", state="hidden")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_a_phone(lab: Any, scheme: str) -> None:
    page = lab(ADDRESS, color_scheme=scheme, viewport=PHONE, bypass_csp=True)
    wait_until(page, IS_DONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_violations(page) == []
