"""What the lab's tabs Digits and Pictures share: a run by keyboard alone, curves that a seed repeats."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.harness import MARKS, Visit
from e2e.test_lab import wait_until
from e2e.test_lab_digits import ACCURACY, STEP, STOPPED, TESTED
from limner.page.lab import WEB, make_lab_app
from limner.page.server import serve_in_background

pytestmark = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

TABS = ("digits", "pictures")
MAX_TABS = 120
"""Presses of the Tab key, to come to any control."""
SAID = "document.querySelector('.class-bars').closest('.card').textContent"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The lab without data sets: it draws its examples."""
    with serve_in_background(make_lab_app()) as url:
        yield url


@pytest.fixture
def lab(address: str, visit: Callable[..., Visit]) -> Iterator[Callable[[str], Any]]:
    """A function that opens an address of the lab; what the page complains of fails the test."""
    guests: list[Visit] = []

    def open_lab(hash_: str) -> Any:
        guests.append(visit())
        guests[-1].open(f"{address}#{hash_}", painted=False)
        guests[-1].page.wait_for_selector(".bench.classifier .layers canvas")
        return guests[-1].page

    yield open_lab
    problems = [problem for guest in guests for problem in guest.problems]
    assert [one for one in problems if "No available adapters" not in one] == []


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
    reach(page, f"at.matches('nav a[href=\"#{tab}\"]')")
    reach(page, "at.textContent.startsWith('Another test')")
    before = page.evaluate(SAID)
    page.keyboard.press("Enter")
    wait_until(page, f"{SAID} !== {before!r}")
    reach(page, "[...at.options ?? []].some(one => one.value === 'linear')")
    page.keyboard.press("End")  # the last of the networks is the linear one
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
