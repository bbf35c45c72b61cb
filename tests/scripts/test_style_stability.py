"""The record of styles: what looks make of noise and of clips."""

from __future__ import annotations

import json
from pathlib import Path

import style_stability
from e2e.tiny import tiny_look
from helpers.files import photos, video
from helpers.styles import stripes


def test_looks_are_measured_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(tiny_look())
    folder = photos(tmp_path / "photos", 10, size=(100, 90))
    clip = video(tmp_path / "clip.mp4", frames=4, size=(96, 64))
    stripes().image.save(tmp_path / "stripes.png")
    style_stability.record([tmp_path / "tiny.onnx"], folder, [clip], tmp_path / "stripes.png", tmp_path)
    (row,) = json.loads((tmp_path / "style.json").read_text())["rows"]
    assert row["noise_gain"]["low"] <= row["noise_gain"]["value"] <= row["noise_gain"]["high"]
    assert list(row["clips"]) == ["clip.mp4"]
    assert row["style_distance"] > 0 < row["content_distance"]
    assert "| tiny.onnx |" in (tmp_path / "style.md").read_text()
