"""The lab's tab Pictures: drawn shapes, and classes of one's own by folder and by camera."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from e2e.lab import (
    ACCURACY,
    LAB_MARKS,
    PHONE,
    STEP,
    TESTED,
    TESTED_AT,
    served_lab,
    served_lab_address,
    wait_until,
)
from helpers.files import SHARED

__all__ = ["served_lab", "served_lab_address"]

pytestmark = LAB_MARKS

CLIPS = SHARED / "clips"
CLASSES = {"rabbit": "rabbit320.mp4", "flower": "flower.mp4", "water": "stream-of-water.mp4"}
FRAMES = 30
"""Of each class and each part of the clip."""


@pytest.fixture
def lab(served_lab: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the tab with a query, and gives the page."""

    def open_tab(query: str = "", **context: Any) -> Any:
        return served_lab(f"#pictures?{query}", ".bench.pictures", **context)

    return open_tab


def write_folder(folder: Path) -> Path:
    """Three classes of 30 frames each; for the test as many of the clips' second halves."""
    for name, clip in CLASSES.items():
        with av.open(str(CLIPS / clip)) as video:
            frames = [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)]
        half = len(frames) // 2
        for split, part in (("train", frames[:half]), ("test", frames[half:])):
            into = folder / split / name
            into.mkdir(parents=True)
            for index, at in enumerate(np.linspace(0, len(part) - 1, FRAMES).astype(int)):
                picture = part[at]
                picture.thumbnail((160, 160))
                picture.save(into / f"{index:02}.png")
    return folder


def test_drawn_shapes_are_learned(lab: Any) -> None:
    page = lab("batch=32&lr=0.003")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 60")
    page.click("#play-button")
    wait_until(page, f"{TESTED} === 1000")
    assert page.evaluate(ACCURACY) > 25


@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"no clips in {CLIPS}")
def test_three_classes_of_a_clip_are_told_apart(lab: Any, tmp_path: Path) -> None:
    page = lab("data=own&epochs=20")
    page.set_input_files("input[webkitdirectory]", str(write_folder(tmp_path / "mine")))
    page.wait_for_selector("#said:has-text('180 pictures of 3 classes: press Play.')")
    page.click("#play-button")
    wait_until(page, f"{STEP} === 20 && {TESTED} === {3 * FRAMES} && {TESTED_AT} === 20")
    assert page.evaluate(ACCURACY) >= 90
    # Every layer of SqueezeNet is shown, and the one that has learned.
    assert page.locator(".layer").count() == 10


def test_classes_are_gathered_by_holding_a_button(lab: Any) -> None:
    page = lab("data=own&features=0", permissions=["camera"])
    for number in range(2):
        hold = page.locator(".own-class button").nth(number)
        hold.focus()
        page.keyboard.down("Enter")
        wait_until(
            page,
            f"Number.parseInt(document.querySelectorAll('.own-class .hint')[{number}].textContent) >= 8",
        )
        page.keyboard.up("Enter")
    page.fill(".own-class input >> nth=0", "mine")
    page.press(".own-class input >> nth=0", "Enter")
    page.click("#play-button")
    wait_until(page, f"{STEP} > 0")
    assert "mine" in page.inner_text(".class-bars >> nth=0")


def test_too_few_pictures_are_said(lab: Any, tmp_path: Path) -> None:
    page = lab("data=own")
    page.wait_for_selector("#said:has-text('Gather at least 5 pictures of each of two classes')")
    (tmp_path / "mine").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "mine" / "alone.png")
    page.set_input_files("input[webkitdirectory]", str(tmp_path / "mine"))
    page.wait_for_selector("#said:has-text('has no folders with pictures in them')")


def test_on_a_phone_nothing_lies_outside(lab: Any) -> None:
    page = lab("data=own", viewport=PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
