"""Looks of an earlier commit are trained by its own code, and go to the benchmark."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import former
import same
from limner.bench.entries import parse_look
from limner.look.look import open_look

HAS_HISTORY = subprocess.run(["git", "-C", same.ROOT, "rev-parse", "HEAD"], check=False).returncode == 0


@pytest.mark.skipif(not HAS_HISTORY, reason="needs a git checkout")
def test_a_commit_trains_its_own_look(tmp_path: Path) -> None:
    (look,) = former.train_former("HEAD", ["night"], [3], tmp_path, minutes=0.01, pixels=64, drawn=6)
    entry = parse_look(look)
    assert (entry.name, entry.picture_set) == ("former", "night")
    opened = open_look(entry.path)
    assert opened.pixels == 64
    assert opened.recipe["seed"] == 3
    record = json.loads((tmp_path / "former" / "HEAD-64.json").read_text())
    assert [(each["set"], each["seed"]) for each in record["trainings"]] == [("night", 3)]
    assert record["trainings"][0]["steps"] > 0
