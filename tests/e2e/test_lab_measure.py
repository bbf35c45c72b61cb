"""The lab's tab Measure: it times networks on this machine, in tiny runs, and says what it found."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import MARKS, Visit
from e2e.lab import AXE, PHONE, assert_no_long_task, find_violations, lab_opener, wait_until
from lab_sizes import is_engine
from limner.page.lab import WEB, make_lab_app
from limner.page.server import serve_in_background

pytestmark = [*MARKS, pytest.mark.skipif(not (WEB / "index.html").exists(), reason="the lab is not built")]

TINY = "nets=lenet&on=cpu&train=0&runs=4&rounds=2&seconds=0.1"
BUTTON = "document.querySelector('.measure-run button').textContent"
TEXT = "document.querySelector('.measure-run + .hint').textContent"
IDLE = f"{BUTTON} === 'Measure this machine'"
DONE = f"{IDLE} && {TEXT}.includes('measured')"
MAX_TAB_BYTES = 9_000
MAX_RUN_BYTES = 6_500


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The lab without data sets: the tab needs none."""
    with serve_in_background(make_lab_app()) as url:
        yield url


@pytest.fixture
def lab(address: str, visit: Callable[..., Visit]) -> Iterator[Callable[..., Any]]:
    """A function that opens the tab and gives the page; what that complains of fails the test."""
    with lab_opener(address, visit) as open_lab:
        yield lambda query=TINY, **options: open_lab(
            f"#measure?{query}", ".bench.measure .facts dd", **options
        )


def measure(page: Any, until: str = DONE) -> None:
    page.click(".measure-run button")
    wait_until(page, until)


def save(page: Any) -> Any:
    with page.expect_download() as download:
        page.click("text=Save JSON")
    assert download.value.suggested_filename == "everywhere.json"
    return json.loads(Path(download.value.path()).read_text())


def test_it_fetches_little(lab: Callable[..., Any]) -> None:
    """Of its own when it is opened; and once more when something is measured."""
    page = lab()
    first = next(path for path in WEB.rglob("tab-*.js") if b"Measure this machine" in path.read_bytes())
    assert len(gzip.compress(first.read_bytes())) <= MAX_TAB_BYTES
    names = "performance.getEntriesByType('resource').map(entry => entry.name.split('/').at(-1))"
    before = set(page.evaluate(names))
    assert first.name in before
    measure(page)
    more = [name for name in set(page.evaluate(names)) - before if not is_engine(name)]
    assert any(name.startswith("run-") for name in more)
    sizes = {
        path.name: len(gzip.compress(path.read_bytes())) for path in WEB.rglob("*") if path.name in more
    }
    assert sum(sizes.values()) <= MAX_RUN_BYTES, sizes


def test_it_measures_and_saves_the_rows_of_bench_everywhere(lab: Any) -> None:
    page = lab("nets=lenet&on=webgl2.cpu&train=0&runs=4&rounds=2&seconds=0.1&seed=7")
    assert "Nothing is sent anywhere" in page.evaluate(TEXT)
    measure(page)
    results = save(page)
    assert results["benchmark"] == "everywhere"
    assert results["plan"] == {"runs": 4, "rounds": 2, "seconds": 0.1, "seed": 7}
    (model,) = results["models"]
    assert model["name"] == "LeNet" and model["input"] == [1, 1, 28, 28]
    assert re.fullmatch("[0-9a-f]{64}", model["sha256"])
    rows = {row["backend"]: row for row in results["rows"]}
    assert sorted(rows) == ["cpu", "webgl2"]
    for row in rows.values():
        assert 0 < row["minMs"] <= row["p10Ms"] <= row["p50Ms"] <= row["p90Ms"]
        assert row["runs"] >= 2 and row["loadMs"] > 0 and row["firstRunMs"] > 0
        assert row["maxDifference"] <= 1e-3
    assert rows["cpu"]["maxDifference"] == 0 and rows["cpu"]["threads"] == 1
    # Chromium's GPU is computed on the CPU here.
    assert rows["webgl2"]["software"] and results["gpu"] is False
    assert "WebGL2 in software" in page.inner_text(".results")
    assert page.get_attribute(".column.curves canvas", "aria-label").count(" ms") == 2 + 4


def test_the_fields_are_those_of_the_shared_row_type(lab: Any) -> None:
    page = lab()
    measure(page)
    (row,) = save(page)["rows"]
    source = (Path(__file__).parents[2] / "web/shared/measurement.ts").read_text()
    fields = re.findall(r"^  readonly (\w+)\??:", source.split("/** MLPerf's bar")[0], re.MULTILINE)
    assert len(fields) > 15
    assert set(row) == set(fields) - {"reason"}


def test_a_training_step_is_measured(lab: Any) -> None:
    page = lab("nets=&on=cpu&runs=2&rounds=2&seconds=0.1")
    measure(page)
    results = save(page)
    (row,) = results["rows"]
    assert row["kind"] == "training" and row["batch"] == 64 and row["p50Ms"] > 0
    assert row["model"] == "LeNet, a training step of 64" == results["models"][0]["name"]
    assert results["models"][0]["input"] == [64, 1, 28, 28]


def test_a_backend_that_is_missing_has_its_reason(lab: Any) -> None:
    before = "Object.defineProperty(navigator, 'gpu', { value: undefined })"
    page = lab("nets=lenet&on=webgpu&train=0&runs=2&rounds=2&seconds=0.1", before=before)
    measure(page)
    (row,) = save(page)["rows"]
    assert row["reason"] == "This browser has no WebGPU." and row["p50Ms"] is None
    assert "This browser has no WebGPU." in page.inner_text(".results")


def test_it_is_paused_stopped_and_begun_again(lab: Any) -> None:
    page = lab("nets=lenet&on=cpu&train=0&runs=2000&rounds=20&seconds=60")
    page.click(".measure-run button")
    wait_until(page, f"{TEXT}.startsWith('Round')")
    assert "left" in page.evaluate(TEXT)
    page.click("#play-button")
    page.wait_for_timeout(4000)
    assert page.evaluate(TEXT) == "Paused. Play goes on."
    page.click("#play-button")
    wait_until(page, f"{TEXT}.startsWith('Round')")
    page.click(".measure-run button")
    wait_until(page, f"{IDLE} && {TEXT}.startsWith('Stopped')")
    assert page.inner_text("#play-button") == "Play"
    page.click("#reset-button")
    wait_until(page, f"!({IDLE}) && {TEXT}.startsWith('Round')")
    page.click("#reset-button")
    wait_until(page, f"{TEXT}.startsWith('Loading')")


def test_a_hidden_tab_waits(lab: Any) -> None:
    page = lab("nets=lenet&on=cpu&train=0&runs=400&rounds=20&seconds=30")
    page.click(".measure-run button")
    wait_until(page, f"{TEXT}.startsWith('Round')")

    def hide(is_hidden: bool) -> None:
        page.evaluate(
            """isHidden => {
              Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
              document.dispatchEvent(new Event('visibilitychange'));
            }""",
            is_hidden,
        )

    hide(True)
    page.wait_for_timeout(2500)
    waiting = page.evaluate(TEXT)
    page.wait_for_timeout(1500)
    assert page.evaluate(TEXT) == waiting and not page.evaluate(IDLE)
    hide(False)
    page.wait_for_selector("#said:has-text('The tab was hidden')")
    wait_until(page, DONE)


def test_a_network_of_ones_own_is_measured_too(lab: Any) -> None:
    pytest.importorskip("onnx")
    from e2e.tiny import tiny_look

    page = lab("nets=&on=cpu.webgl2&train=0&runs=2&rounds=2&seconds=0.1")
    assert page.is_disabled(".measure-run button")
    files = {"mimeType": "", "buffer": b"no network", "name": "bad.onnx"}
    page.set_input_files("input[type=file]", files)
    page.wait_for_selector("#said:has-text('bad.onnx')")
    page.set_input_files("input[type=file]", files | {"name": "mine.onnx", "buffer": tiny_look("Tiny")})
    page.wait_for_selector("text=mine is timed too.")
    assert page.input_value("#python-command") == "limner bench everywhere 'mine.onnx'"
    measure(page)
    rows = save(page)["rows"]
    assert [(row["model"], row["backend"]) for row in rows] == [("mine", "webgl2"), ("mine", "cpu")]
    assert all(row["p50Ms"] > 0 and row["maxDifference"] <= 1e-3 for row in rows)


def test_the_markdown_is_copied_and_nothing_leaves(lab: Any) -> None:
    page = lab(permissions=["clipboard-read", "clipboard-write"])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    measure(page)
    page.click("text=Copy as Markdown")
    page.wait_for_selector("#said:has-text('The table is copied.')")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "### LeNet" in text and "| CPU |" in text and page.url in text
    # Its own parts are all that it asks for.
    own = page.url.split("#")[0]
    assert sent and all(one.startswith((f"GET {own}assets/", "GET blob:")) for one in sent), sent


def test_the_address_is_the_state_and_a_run_needs_no_pointer(lab: Any) -> None:
    address = f"#measure?{TINY}"
    page = lab()
    assert page.evaluate("location.hash") == address
    assert not page.is_visible("#step-button") and not page.is_visible("#slow-button")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.matches('.bench input[type=checkbox]')"):
            break
    page.keyboard.press("Space")
    assert "nets=&" in page.evaluate("location.hash")
    page.keyboard.press("Space")
    assert page.evaluate("location.hash") == address
    page.focus(".measure-run button")
    page.keyboard.press("Enter")
    wait_until(page, DONE)
    page.focus(".results")


def test_on_a_phone_nothing_lies_outside(lab: Any) -> None:
    page = lab(viewport=PHONE, has_touch=True)
    page.tap(".measure-run button")
    wait_until(page, DONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # The button comes first.
    assert page.locator(".measure-run button").bounding_box()["y"] < PHONE["height"] / 2


def test_a_run_does_not_keep_the_page_waiting(address: str, browser: Any, tmp_path: Path) -> None:
    """MobileNet's file of 13 MB is written and read meanwhile."""
    query = "nets=lenet.resnet20.mobilenet&on=webgl2.cpu&train=0&runs=2&rounds=2&seconds=0.1"
    assert_no_long_task(
        *(browser, f"{address}#measure?{query}", tmp_path / "trace.json", measure),
        element=".bench.measure .facts dd",
    )


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(lab: Any, scheme: str) -> None:
    page = lab(color_scheme=scheme, bypass_csp=True)
    measure(page)
    assert find_violations(page) == []
