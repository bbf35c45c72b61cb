"""The lab's tab Digits: it learns, is tested, reads drawn digits, and takes one's own files."""

import gzip
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from e2e.harness import Visit, serve
from e2e.lab import (
    ACCURACY,
    AXE,
    LAB_MARKS,
    PHONE,
    STEP,
    STOPPED,
    TESTED,
    TESTED_AT,
    find_violations,
    save_network,
    served_lab,
    served_lab_address,
    wait_until,
)
from helpers.files import SHARED
from limner.data.datasets.idx import write_idx
from limner.page.lab import WEB

__all__ = ["served_lab", "served_lab_address"]

pytestmark = LAB_MARKS

MNIST = SHARED / "mnist"
SURE = "[...document.querySelectorAll('.card .class-bars')][0]"
MAX_FIRST_POINT_MS = 3000


@pytest.fixture
def lab(served_lab: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the tab with a query, and gives the page."""

    def open_tab(query: str = "", **context: Any) -> Any:
        return served_lab(f"#digits?{query}", ".bench.digits .layers canvas", **context)

    return open_tab


def test_the_first_point_of_lenet_comes_soon(lab: Any) -> None:
    page = lab()
    page.evaluate("performance.mark('play')")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 0")
    took = page.evaluate("performance.now() - performance.getEntriesByName('play')[0].startTime")
    assert took <= MAX_FIRST_POINT_MS


def test_the_network_learns(lab: Any) -> None:
    page = lab("net=perceptron&units=64&lr=0.003")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 60 && {ACCURACY} > 0")
    page.click("#play-button")
    # Standing still, all of the test digits are tested.
    wait_until(page, f"{TESTED} === 1000")
    assert page.evaluate(ACCURACY) > 70
    counts = page.evaluate(
        "[...document.querySelectorAll('.confusion button')].map(({ textContent }) => Number(textContent))"
    )
    assert sum(counts) == 1000
    assert sum(counts[::11]) / 10 == pytest.approx(page.evaluate(ACCURACY), abs=0.06)


def test_lenet_is_changed_while_it_learns(lab: Any) -> None:
    page = lab()
    page.click("#play-button")
    wait_until(page, f"{STEP} > 1")
    page.select_option(".column.curves select", "momentum")
    assert "opt=momentum" in page.evaluate("location.hash")
    now = page.evaluate(STEP)
    wait_until(page, f"{STEP} > {now} + 1")
    page.click("#play-button")
    figures = page.locator(".layer .figure").all_inner_texts()
    counts = [
        int(found[1].replace(",", "")) for text in figures if (found := re.search(r"([0-9,]+) par", text))
    ]
    assert sum(counts) == 61_706


def test_a_cell_of_the_table_shows_its_pictures(lab: Any) -> None:
    page = lab("net=linear")
    page.click("#step-button")
    wait_until(page, f"{TESTED} === 1000")
    cell = page.locator(".confusion button >> nth=0")
    cell.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("1 taken for 1: ")
    page.keyboard.press("Enter")
    count = label.rsplit(" ", 1)[1]
    page.wait_for_selector(f"text={count} of class 1 that the network calls 1.")
    page.click("text=Show all")
    page.wait_for_selector("text=The first 200 of 1000.")
    page.focus("canvas[role=slider]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=The network sees a test picture: 1.")
    text = page.get_attribute("canvas[role=slider]", "aria-valuetext")
    assert re.fullmatch(r"Picture 2 of 200: (not )?found, called [0-9]", text)


def test_a_drawn_digit_moves_the_bars(lab: Any) -> None:
    page = lab("net=linear")
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    before = page.evaluate(f"{SURE}.textContent")
    box = page.locator(".pad").bounding_box()
    x, y, size = box["x"], box["y"], box["width"]
    page.mouse.move(x + size / 2, y + size / 5)
    page.mouse.down()
    page.mouse.move(x + size / 2, y + size * 0.8, steps=8)
    page.mouse.up()
    page.wait_for_selector("text=The network sees your digit.")
    wait_until(page, f"{SURE}.textContent !== {before!r}")
    shares = page.evaluate(f"[...{SURE}.querySelectorAll('progress')].map(({{ value }}) => value)")
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_a_digit_is_drawn_by_keys(lab: Any) -> None:
    page = lab("net=linear", bypass_csp=True)
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    pen = page.locator(".pen-frame")
    pen.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    ink = "document.querySelector('.pad').toDataURL()"
    empty = page.evaluate(ink)
    page.keyboard.press("Space")
    assert "Pen down, 50 % from the left, 25 % from the top" in pen.inner_text()
    assert page.inner_text("#play-button") == "Play"
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    line = page.evaluate(ink)
    assert line != empty
    page.keyboard.press("Shift+ArrowRight")
    assert "Pen up, 51 % from the left, 75 % from the top" in pen.inner_text()
    assert page.evaluate(ink) == line
    page.wait_for_selector("text=The network sees your digit.")
    drawn = page.evaluate(
        """() => {
          const pad = document.querySelector('.pad');
          const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
          return [20, 40, 56, 72, 100].map(y => [20, 56].map(x => data[4 * (y * pad.width + x) + 3]));
        }"""
    )
    assert drawn == [[0, 0], [0, 255], [0, 255], [0, 255], [0, 0]]
    if AXE.exists():
        assert find_violations(page) == []


def test_the_camera_is_looked_at(lab: Any) -> None:
    page = lab("net=linear", permissions=["camera"])
    page.click("text=Use the camera")
    page.wait_for_selector("text=The network sees what the camera sees.")
    page.click("text=Close the camera")
    assert page.evaluate("document.querySelector('video').srcObject") is None


def test_files_of_ones_own_are_learned(lab: Any) -> None:
    page = lab("net=linear")
    rng = np.random.default_rng(0)
    files = [
        {"name": name, "mimeType": "", "buffer": gzip.compress(write_idx(array))}
        for name, array in (
            ("train-images.gz", rng.integers(0, 256, (50, 28, 28), np.uint8)),
            ("train-labels.gz", (np.arange(50) % 10).astype(np.uint8)),
            ("test-images.gz", rng.integers(0, 256, (20, 28, 28), np.uint8)),
            ("test-labels.gz", (np.arange(20) % 10).astype(np.uint8)),
        )
    ]
    page.set_input_files("input[type=file]", files)
    page.wait_for_selector("text=4 files of your own: 50 to learn from, 20 to test on.")
    assert not page.is_visible("#python-command")
    page.set_input_files("input[type=file]", [{"name": "bad.gz", "mimeType": "", "buffer": b"no pictures"}])
    page.wait_for_selector("#said:has-text('bad.gz is no idx file of bytes')")


def test_the_address_is_the_state_and_the_network_is_saved(lab: Any) -> None:
    address = "#digits?net=perceptron&units=20&opt=lion&batch=32&seed=5"
    page = lab(address.split("?")[1])
    assert page.evaluate("location.hash") == address
    page.click("#step-button")
    wait_until(page, f"{STEP} === 1")
    (scores,) = save_network(page).run(None, {"pictures": np.zeros((3, 1, 28, 28), np.float32)})
    assert scores.shape == (3, 10)


def test_on_a_phone_nothing_lies_outside(lab: Any) -> None:
    page = lab(viewport=PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_set_beside_the_page_and_a_trained_start_are_used(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    page_folder = tmp_path / "a" / "b"
    shutil.copytree(WEB, page_folder)
    folder = page_folder / "data" / "mnist"
    folder.mkdir(parents=True)
    names = {}
    for split, count in (("train", 100), ("test", 40)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        images = np.zeros((count, 1, 28, 28), np.uint8)
        images[np.arange(count), 0, 2 * labels, :] = 255  # a line, whose height is the class
        for kind, array in (("images", images), ("labels", labels)):
            names[f"{split}-{kind}"] = name = f"mnist-{split}-{kind}.idx.gz"
            (folder / name).write_bytes(gzip.compress(write_idx(array)))
    about = {"title": "Lines", "licence": "CC0", "citation": "A test", "classes": list("0123456789")}
    (folder / "mnist.json").write_text(json.dumps(about | {"files": names}))
    files = [f"mnist/{name}" for name in (*names.values(), "mnist.json")]
    (page_folder / "data" / "list.json").write_text(json.dumps({"files": files}))
    with serve(tmp_path) as url:
        page = visit().open(f"{url}#digits?net=linear&epochs=20&batch=50", painted=False).page
        page.wait_for_selector("text=Lines (licence: CC0 · A test): 100 to learn from, 40 to test on.")
        page.click("#play-button")
        wait_until(page, f"{STEP} === 40 && {TESTED} === 40 && {TESTED_AT} === 40")
        accuracy = page.evaluate(ACCURACY)
        assert accuracy > 90
        with page.expect_download() as download:
            page.click("#save-button")
        start = page_folder / "data" / "starts" / "digits-linear.onnx"
        start.parent.mkdir(exist_ok=True)
        start.write_bytes(Path(download.value.path()).read_bytes())
        files.append("starts/digits-linear.onnx")
        (page_folder / "data" / "list.json").write_text(json.dumps({"files": files}))
        page = visit().open(f"{url}#digits?net=linear&start=trained", painted=False).page
        page.wait_for_selector(".bench.digits")
        wait_until(page, f"{TESTED} === 40")
        assert page.evaluate(ACCURACY) == accuracy
        assert page.evaluate(STEP) == 0


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_in_what_was_tested(lab: Any, scheme: str) -> None:
    page = lab("net=linear", color_scheme=scheme, bypass_csp=True)
    page.click("#step-button")
    wait_until(page, f"{TESTED} === 1000")
    assert find_violations(page) == []


@pytest.mark.skipif("LIMNER_MNIST" not in os.environ, reason="takes minutes: set LIMNER_MNIST=1")
@pytest.mark.skipif(not MNIST.is_dir(), reason=f"no MNIST in {MNIST}")
def test_an_epoch_of_mnist_finds_97_percent(lab: Any) -> None:
    """The official files are opened in the page, as people do."""
    page = lab("data=drawn")
    page.set_input_files("input[type=file]", [str(path) for path in sorted(MNIST.glob("*ubyte.gz"))])
    page.wait_for_selector("text=4 files of your own: 60,000 to learn from, 10,000 to test on.")
    page.click("#play-button")
    for _ in range(720):
        page.wait_for_timeout(5000)
        if page.evaluate(f"{STOPPED} && {TESTED} === 10000"):
            break
    assert page.evaluate(STEP) == 60_000 // 64
    assert page.evaluate(ACCURACY) >= 97
