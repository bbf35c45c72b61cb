"""The tab Painter: pictures are bred, and moved by sound and MIDI."""

import time
from typing import Any

import numpy as np

from e2e.harness import MAX_WAIT_MS
from e2e.lab import LAB_MARKS, lab, lab_address, wait_until
from e2e.painter import (
    HASH,
    LIVE_TRACKS,
    RECORD_TRACKS,
    average_colour,
    calm,
    choose_drive,
    wait_for_colour,
)

__all__ = ["calm", "lab", "lab_address"]

pytestmark = LAB_MARKS


def steady_colour(page: Any) -> list[float]:
    """The mean colour of the painting, when it has one that stays."""
    last = [0.0, 0.0, 0.0]

    def is_steady(now: list[float]) -> bool:
        nonlocal last
        page.wait_for_timeout(300)
        last, before = now, last
        return sum(now) > 0 and np.abs(np.subtract(now, before)).max() < 0.5

    return wait_for_colour(page, is_steady)


def test_sound_moves_a_bred_picture_and_a_pause_ends_it(calm: Any) -> None:
    """Chromium's microphone of the test beeps once a second."""
    page = calm("#painter?net=cppn&depth=1&width=8", permissions=["microphone"])
    page.evaluate(RECORD_TRACKS)
    choose_drive(page, "sound")
    assert page.inner_text("#play-button") == "Pause"
    seen: list[list[float]] = []
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while not seen or np.ptp(seen, axis=0).max() < 5:
        assert time.monotonic() < end, seen
        page.wait_for_timeout(100)
        seen.append(average_colour(page, ".looked-at .painting"))
    assert page.evaluate(LIVE_TRACKS) == 1
    page.click("#play-button")
    assert page.evaluate(LIVE_TRACKS) == 0


MIDI = """() => {
  const input = new EventTarget();
  const access = Object.assign(new EventTarget(), { inputs: new Map([['keys', input]]) });
  navigator.requestMIDIAccess = async () => access;
  window.sendMidi = (...bytes) =>
    input.dispatchEvent(Object.assign(new Event('midimessage'), { data: Uint8Array.from(bytes) }));
}"""


def test_a_midi_controller_moves_a_bred_picture(calm: Any) -> None:
    page = calm("#painter?net=cppn&depth=1&width=8")
    page.evaluate(MIDI)
    choose_drive(page, "midi")
    before = steady_colour(page)
    page.evaluate("sendMidi(0xb0, 7, 127)")
    first = wait_for_colour(page, lambda now: np.abs(np.subtract(now, before)).max() > 3)
    page.evaluate("sendMidi(0xb0, 8, 0)")
    wait_for_colour(page, lambda now: np.abs(np.subtract(now, first)).max() > 3)
    page.evaluate("sendMidi(0xb0, 7, 64); sendMidi(0xb0, 8, 64)")
    wait_for_colour(page, lambda now: np.abs(np.subtract(now, before)).max() < 5)


def test_pictures_are_bred_and_the_address_keeps_them(calm: Any) -> None:
    page = calm("#painter?net=cppn&seed=5")
    wait_until(page, "document.querySelector('.looked-at .painting').width > 300")
    page.wait_for_timeout(1000)
    before = average_colour(page, ".looked-at .painting")
    page.click(".wall.children button >> nth=3")
    page.click(".wall.children button >> nth=8")
    assert page.evaluate(HASH).endswith("path=3.8&seed=5")
    again = calm("#painter?net=cppn&seed=5&path=3.8")
    end = time.monotonic() + MAX_WAIT_MS / 1000
    while True:
        pictures = [average_colour(one, ".looked-at .painting") for one in (page, again)]
        is_same = np.abs(np.subtract(pictures[0], pictures[1])).max() < 2
        if is_same and sum(pictures[0]) > 0 and np.abs(np.subtract(pictures[0], before)).max() > 10:
            break
        assert time.monotonic() < end, pictures
        page.wait_for_timeout(200)
    page.click("#reset-button")
    assert "path" not in page.evaluate(HASH)
