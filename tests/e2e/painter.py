"""Shared parts of the tests of the lab's tab Painter: what it says, its pictures, and what it saves."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import MAX_WAIT_MS

HASH = "location.hash"
FIGURES = "document.querySelector('.figures').textContent"
STEP = f"Number(/Step ([0-9,]+)/.exec({FIGURES})[1].replaceAll(',', ''))"
PSNR = f"Number(/([0-9.]+) dB/.exec({FIGURES})?.[1])"
SMALL = "#painter?net=mlp&depth=1&width=8"
"""A network that is drawn soon."""

RECORD_TRACKS = """() => {
  window.tracks = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async wanted => {
    const stream = await ask(wanted);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""

LIVE_TRACKS = "tracks.filter(track => track.readyState === 'live').length"


@pytest.fixture
def calm(lab: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens the lab as one who wants little motion: it does not play by itself."""
    return lambda address, **context: lab(address, reduced_motion="reduce", **context)


def average_colour(page: Any, selector: str) -> list[float]:
    """The mean colour of a canvas, 0 to 255."""
    mean: list[float] = page.evaluate(
        """selector => {
          const { width, height } = document.querySelector(selector);
          const copy = new OffscreenCanvas(width, height).getContext('2d');
          copy.drawImage(document.querySelector(selector), 0, 0);
          const { data } = copy.getImageData(0, 0, width, height);
          const sum = c => data.reduce((total, value, i) => (i % 4 === c ? total + value : total), 0);
          return [0, 1, 2].map(c => sum(c) / width / height);
        }""",
        selector,
    )
    return mean


def wait_for_colour(page: Any, matches: Callable[[list[float]], bool]) -> list[float]:
    """Wait until the mean colour of the painting matches, and return it."""
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while not matches(now := average_colour(page, ".looked-at .painting")):
        assert time.monotonic() < end, now
        page.wait_for_timeout(50)
    return now


def downloads_of(page: Any, selector: str, count: int = 1) -> dict[str, bytes]:
    """The files that a click saves, by their endings."""
    saved: list[Any] = []

    def keep(download: Any) -> None:
        saved.append(download)

    page.on("download", keep)
    page.click(selector)
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while len(saved) < count:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    page.remove_listener("download", keep)
    return {one.suggested_filename.rsplit(".", 1)[-1]: Path(one.path()).read_bytes() for one in saved}


def choose_drive(page: Any, drive: str) -> None:
    """Let this move the numbers of a bred picture."""
    page.click(".modes button:last-child")
    page.select_option("select >> visible=true >> nth=1", drive)
