"""The record of keyframe painting: measured on frames that were not learned, and written for people."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

import keyframe
from helpers.files import video
from limner.keyframe_recipe import KeyframeRecipe


def test_a_clip_is_measured_and_recorded(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4", frames=13, size=(96, 64))
    recipe = KeyframeRecipe(pixels=64, patch=32, perceptual=0)
    keyframe.record([clip], recipe, 0.005, tmp_path)
    (row,) = json.loads((tmp_path / "keyframe.json").read_text())["rows"]
    assert (row["clip"], row["frames"]) == ("clip.mp4", 12)
    assert row["worst_gain"] <= row["after"] - row["before"]
    assert f"| clip.mp4 | 12 | 0.0 | {row['steps']} |" in (tmp_path / "keyframe.md").read_text()


def test_the_picture_has_two_rows_of_frames(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4", frames=13, size=(96, 64))
    keyframe.show(clip, KeyframeRecipe(pixels=64, patch=32, perceptual=0), 0.005, tmp_path / "p.jpg")
    assert Image.open(tmp_path / "p.jpg").width == keyframe.WIDTH
