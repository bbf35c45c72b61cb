"""The page dreams: a still picture turns, frame by frame, into what a layer sees in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from e2e.harness import MARKS, SMALL, Picture, Visit
from helpers.files import scene
from limner.art.dream_look import write_dream_look
from limner.look.look import open_look

pytestmark = MARKS

PIXELS = 64


def contrast(picture: Picture) -> float:
    """How much neighbours differ: drawn scenes are smooth, dreams are full of strokes."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_a_picture_becomes_a_dream(
    backend: str, address: str, tmp_path: Path, visit: Callable[..., Visit]
) -> None:
    path = tmp_path / "deep.onnx"
    write_dream_look(path, "fire3", pixels=PIXELS, name="Deep")
    subject = scene(PIXELS, PIXELS, seed=4)
    subject.save(tmp_path / "subject.png")
    look, frame = open_look(path), np.asarray(subject, np.float32) / np.float32(255)
    dreamt = [contrast(look.paint(frame).astype(np.float64)) for _ in range(20)][-1]
    assert dreamt > 2 * contrast(np.asarray(frame, np.float64))
    guest = visit("webgpu", viewport=SMALL).open(f"{address}?backend={backend}")
    guest.page.set_input_files("#file-picture", tmp_path / "subject.png")
    guest.page.wait_for_selector("body[data-source=picture]")
    guest.drop("deep.onnx", path.read_bytes())
    guest.wait_for_look("Deep")
    assert guest.page.inner_text("#label-facts").startswith("dream · 64 px")
    guest.wait_for_match(lambda seen: contrast(seen) > 0.8 * dreamt, "a picture full of strokes")
    sliders = guest.page.locator("#sliders label").all_text_contents()
    assert [re.sub(r"[^A-Za-z].*", "", text) for text in sliders] == [
        "Strength",
        "Zoom",
        "Rotation",
        "Camera",
        "Channel",
    ]
