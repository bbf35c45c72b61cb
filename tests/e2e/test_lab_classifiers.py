"""What the lab's tabs Digits and Pictures share: a run by keyboard alone, curves that a seed repeats."""

from collections.abc import Callable
from typing import Any

import pytest

from e2e.lab import ACCURACY, LAB_MARKS, STEP, STOPPED, TESTED, served_lab, served_lab_address, wait_until

__all__ = ["served_lab", "served_lab_address"]

pytestmark = LAB_MARKS

TABS = ("digits", "pictures")
MAX_TABS = 120
"""Presses of the Tab key, to come to any control."""
SAID = "document.querySelector('.class-bars').closest('.card').textContent"


@pytest.fixture
def lab(served_lab: Callable[..., Any]) -> Callable[[str], Any]:
    """Opens an address of the lab, and gives the page."""
    return lambda hash_: served_lab(f"#{hash_}", ".bench.classifier .layers canvas")


def reach(page: Any, condition: str) -> None:
    """Press Tab until a condition on the focused element `at` holds."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(f"(at => {condition})(document.activeElement)"):
            return
    raise AssertionError(f"Tab never came to {condition}")


@pytest.mark.parametrize("tab", TABS)
def test_a_run_by_keyboard_alone(lab: Any, tab: str) -> None:
    page = lab(f"{tab}?batch=32&epochs=50")
    reach(page, f"at.matches('nav a[href^=\"#{tab}\"]')")
    reach(page, "at.textContent.startsWith('Another test')")
    before = page.evaluate(SAID)
    page.keyboard.press("Enter")
    wait_until(page, f"{SAID} !== {before!r}")
    reach(page, "[...at.options ?? []].some(one => one.value === 'linear')")
    page.keyboard.type("Li")  # a list of choices goes to the one that begins so, Linear
    assert "net=linear" in page.evaluate("location.hash")
    reach(page, "at.matches('.column.curves select')")
    page.keyboard.press("ArrowDown")
    assert "opt=" in page.evaluate("location.hash")
    reach(page, "at.matches('.confusion button')")
    reach(page, "at.id === 'play-button'")
    page.keyboard.press("Enter")
    wait_until(page, f"{STEP} > 3")
    page.keyboard.press("Enter")
    wait_until(page, f"{STOPPED} && {TESTED} === 1000")
    before = page.evaluate(STEP)
    page.keyboard.press(".")
    wait_until(page, f"{STEP} === {before} + 1")
    page.keyboard.press("r")
    wait_until(page, f"{STEP} === 0")


@pytest.mark.parametrize("tab", TABS)
def test_the_same_seed_gives_the_same_curve(lab: Any, tab: str) -> None:
    """Losses of the last steps, and all test examples. The seed flips and shifts pictures, too."""
    page = lab(f"{tab}?net=linear&batch=250&epochs=1&seed=3")

    def run() -> tuple[str, float]:
        page.click("#play-button")
        wait_until(page, f"{STOPPED} && {STEP} === 40 && {TESTED} === 1000")
        figures: str = page.inner_text(".figures")
        return figures, float(page.evaluate(ACCURACY))

    first = run()
    page.click("#reset-button")
    wait_until(page, f"{STEP} === 0")
    assert run() == first
    page.fill("input[type=number]", "4")
    page.press("input[type=number]", "Enter")
    wait_until(page, f"{STEP} === 0")
    assert run() != first
