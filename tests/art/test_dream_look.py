"""A dream as a look: its file, its live inputs, its state, and its flash limit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from helpers.dreams import drawn
from limner.art.dream_look import write_dream_look
from limner.art.flashes import MAX_FLASHES, count_flashes
from limner.errors import LimnerError
from limner.look.look import Look, open_look
from limner.look.summary import describe_look


@pytest.fixture(scope="module")
def dream(tmp_path_factory: pytest.TempPathFactory) -> Look:
    path = tmp_path_factory.mktemp("looks") / "dream.onnx"
    written = write_dream_look(path, "fire4", pixels=64)
    assert written.bytes == path.stat().st_size
    assert written.difference < 1e-5
    return open_look(path)


def picture() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.ascontiguousarray(drawn(64)[0].permute(1, 2, 0).numpy())


def test_the_look_says_what_it_is(dream: Look) -> None:
    assert (dream.name, dream.pixels, dream.guide) == ("Dream of fire4", 64, "")
    assert list(dream.live) == ["strength", "zoom", "rotation", "camera", "channel"]
    assert (dream.live["channel"].minimum, dream.live["channel"].maximum) == (-1, 255)
    assert dict(dream.state) == {
        "dream": "dream_next",
        "count": "count_next",
        "luminance": "luminance_next",
    }
    assert describe_look(dream.path).kind == "look"
    assert 150_000 < len(dream.content) < 350_000


def test_the_dream_goes_on_from_frame_to_frame(dream: Look) -> None:
    dream.reset_state()
    changes = []
    for _ in range(8):
        dream.paint(picture(), camera=0, zoom=1)
        changes.append(np.abs(dream.read_state()["dream"] - drawn(64).numpy()).mean())
    assert all(later > before for before, later in pairwise(changes))
    assert changes[-1] > 0.04


def test_the_camera_comes_back(dream: Look) -> None:
    dream.reset_state()
    for _ in range(5):
        dream.paint(picture(), camera=0)
    dream.paint(picture(), camera=1, strength=0)
    np.testing.assert_allclose(dream.read_state()["dream"], drawn(64).numpy(), atol=1e-5)


def test_each_live_input_matters(dream: Look) -> None:
    def dreamt(**live: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        dream.reset_state()
        for _ in range(3):
            dream.paint(picture(), **live)
        return dream.read_state()["dream"]

    usual = dreamt()
    for live in ({"strength": 0.05}, {"zoom": 1.05}, {"rotation": 3}, {"camera": 0.6}, {"channel": 7}):
        assert np.abs(dreamt(**live) - usual).max() > 0.05, live


def luminance(painting: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    linear = np.where(painting <= 0.04045, painting / 12.92, ((painting + 0.055) / 1.055) ** 2.4)
    return float((linear * (0.2126, 0.7152, 0.0722)).sum(2).mean())


@pytest.mark.parametrize("is_limited", [True, False])
def test_a_strobing_camera_does_not_strobe_the_dream(tmp_path: Path, is_limited: bool) -> None:
    write_dream_look(tmp_path / "dream.onnx", "fire2", pixels=64, flash_limit=is_limited)
    look = open_look(tmp_path / "dream.onnx")
    luminances = []
    for number in range(60):
        frame = np.full((64, 64, 3), 0.9 if number // 4 % 2 else 0.1, np.float32)
        luminances.append(luminance(look.paint(frame, camera=1)))
    times = [number / 60 for number in range(60)]
    assert (count_flashes(luminances, times) <= MAX_FLASHES) == is_limited
    assert ("luminance" in look.state) == is_limited


def test_a_look_of_another_size_or_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="pixels is 100; a look has 64, 128, 256 or 512"):
        write_dream_look(tmp_path / "dream.onnx", "fire4", pixels=100)
    with pytest.raises(LimnerError, match=r"A look is an \.onnx file"):
        write_dream_look(tmp_path / "dream.png", "fire4")
    (tmp_path / "other.onnx").write_bytes(b"other")
    with pytest.raises(LimnerError, match="holds what limner did not write"):
        write_dream_look(tmp_path / "other.onnx", "fire4")
