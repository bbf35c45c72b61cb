"""Shared parts of the lab's tests: its page, opened and waited for, and what it says of a run."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import MARKS, MAX_WAIT_MS, Visit, serve
from limner.page.lab import WEB, make_lab_app
from limner.page.server import serve_in_background

LAB_MARKS = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
MAX_TASK_MS = 50
"""Of the main thread."""
PHONE = {"width": 390, "height": 844}

STOPPED = "document.getElementById('play-button').textContent === 'Play'"
STEP = """Number((/step ([0-9,]+)/.exec(document.querySelector('.figures').textContent)?.[1] ?? '0')
  .replaceAll(',', ''))"""
LOSS = "Number(/loss ([^ ]+)/.exec(document.querySelector('.figures').textContent)[1])"
ACCURACY = "Number(/([0-9.]+) % of/.exec(document.querySelector('.accuracy').textContent)?.[1] ?? 0)"
"""Percent of the test pictures."""
TESTED = """Number((/% of ([0-9,]+)/.exec(document.querySelector('.accuracy').textContent)?.[1] ?? '0')
  .replaceAll(',', ''))"""
"""On how many test pictures."""
TESTED_AT = """Number((/at step ([0-9,]+)/.exec(document.querySelector('.accuracy').textContent)?.[1]
  ?? '-1').replaceAll(',', ''))"""
"""The step of the last test: in a run of few test examples, an earlier one has as many."""


def wait_until(page: Any, condition: str) -> None:
    """Wait for a condition in JavaScript. Playwright's own way needs `eval`, which the page forbids."""
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"waited too long for {condition}"
        page.wait_for_timeout(50)


def save_network(page: Any) -> Any:
    """Save the network, check the file, and open it in ONNX Runtime."""
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    with page.expect_download() as download:
        page.click("#save-button")
    content = Path(download.value.path()).read_bytes()
    onnx.checker.check_model(onnx.load_from_string(content))
    return runtime.InferenceSession(content)


def find_violations(page: Any) -> list[tuple[str, list[list[str]]]]:
    """The rules that axe-core finds violated, each with where. The page must be open with `bypass_csp`."""
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def main_tasks(trace: Path) -> list[float]:
    """Milliseconds of processor time of each task of the page that has marked itself as "of the lab"."""
    events = json.loads(trace.read_text())["traceEvents"]
    # The browser has pages of its own, in other processes.
    processes = {event["pid"] for event in events if event["name"] == "of the lab"}
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name"
        and event["args"]["name"] == "CrRendererMain"
        and event["pid"] in processes
    }
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and (event["pid"], event["tid"]) in mains
        and "tdur" in event
    ]


def play(page: Any) -> None:
    """Press Play, unless the tab plays by itself."""
    if page.inner_text("#play-button") == "Play":
        page.click("#play-button")


def assert_no_long_task(
    browser: Any, address: str, trace: Path, act: Callable[[Any], None], *, element: str
) -> None:
    """No task of the page takes too long: it opens until it has `element`, and `act` does something there.

    In processor time, as the machine may be busy. After a long task the page opens twice more, and has none
    then: what the machine did to a task, such as moving memory, does not come again.
    """
    times = sorted(_task_times(browser, address, trace, act, element))
    if times[-1] <= MAX_TASK_MS:
        return
    again = [sorted(_task_times(browser, address, trace, act, element)) for _ in range(2)]
    assert max(one[-1] for one in again) <= MAX_TASK_MS, [one[-5:] for one in (times, *again)]


def _task_times(
    browser: Any, address: str, trace: Path, act: Callable[[Any], None], element: str
) -> list[float]:
    """Milliseconds of processor time of the main thread's tasks."""
    guest = Visit(browser)
    browser.start_tracing(page=guest.page, path=str(trace), categories=["toplevel", "blink.user_timing"])
    guest.open(address, painted=False)
    guest.page.wait_for_selector(element)
    guest.page.evaluate("performance.mark('of the lab')")
    act(guest.page)
    browser.stop_tracing()
    guest.context.close()
    times = main_tasks(trace)
    assert len(times) > 100, "the trace has no tasks"
    return times


def assert_no_long_task_in_play(browser: Any, address: str, trace: Path) -> None:
    """As `assert_no_long_task`: a tab opens, plays, a slider moves."""

    def act(page: Any) -> None:
        page.wait_for_timeout(1500)
        play(page)
        page.wait_for_timeout(3000)
        page.focus(".slider input >> visible=true >> nth=0")
        for _ in range(10):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(1500)

    assert_no_long_task(browser, address, trace, act, element=".bench canvas >> visible=true")


USUAL_PROBLEMS = ("No available adapters", "GPU stall due to ReadPixels")
"""What browsers say that have no GPU, or one in software."""


@contextmanager
def lab_opener(address: str, visit: Callable[..., Visit]) -> Iterator[Callable[..., Any]]:
    """A function that opens the lab at a hash, waits for an element, and gives the page.

    `before` is a script for the page to begin with. What a page complains of fails the test.
    """
    guests: list[Visit] = []

    def open_lab(hash_: str, element: str = ".bench", before: str = "", **context: Any) -> Any:
        guests.append(visit(**context))
        if before:
            guests[-1].page.add_init_script(before)
        guests[-1].open(address + hash_, painted=False)
        guests[-1].page.wait_for_selector(element)
        return guests[-1].page

    yield open_lab
    problems = [problem for guest in guests for problem in guest.problems]
    assert [one for one in problems if not any(each in one for each in USUAL_PROBLEMS)] == []


@pytest.fixture(scope="module")
def lab_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The lab as files in a sub-folder of a plain server."""
    top = tmp_path_factory.mktemp("lab")
    shutil.copytree(WEB, top / "a" / "b")
    with serve(top) as url:
        yield url


@pytest.fixture
def lab(lab_address: str, visit: Callable[..., Visit]) -> Iterator[Callable[..., Any]]:
    """Opens the lab as files: see `lab_opener`."""
    with lab_opener(lab_address, visit) as open_lab:
        yield open_lab


@pytest.fixture(scope="module")
def served_lab_address() -> Iterator[str]:
    """The lab as `limner lab` serves it, without data sets."""
    with serve_in_background(make_lab_app()) as url:
        yield url


@pytest.fixture
def served_lab(served_lab_address: str, visit: Callable[..., Visit]) -> Iterator[Callable[..., Any]]:
    """Opens the lab that is served: see `lab_opener`."""
    with lab_opener(served_lab_address, visit) as open_lab:
        yield open_lab
