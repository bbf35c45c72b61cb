"""A showpiece is recorded turn by turn, and Ctrl-C records nothing that was not reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import showpiece
from PIL import Image

from helpers.files import photos
from helpers.stores import TINY
from limner.bench import picture_sets
from limner.data.prepare import short_side_for
from limner.training.loop import train

PNG_HEADER = b"\x89PNG\r\n\x1a\n"

CREDITS = {"name": "Night", "credit": "", "licence": ""}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns of half a second, on six pictures."""
    monkeypatch.setattr(showpiece, "TURN_MINUTES", 0.01)
    prepare = picture_sets.prepare_set
    monkeypatch.setattr(showpiece, "prepare_set", lambda *given, **more: prepare(*given, **more, drawn=6))


def make(folder: Path, minutes: float) -> list[dict[str, Any]]:
    showpiece.make_showpiece("night", "night", TINY, folder, minutes=minutes, credits=CREDITS)
    measured: list[dict[str, Any]] = json.loads((folder / "night.json").read_text())["measured"]
    return measured


@pytest.mark.usefixtures("short")
def test_each_turn_is_measured_and_the_next_call_goes_on(tmp_path: Path) -> None:
    (first,) = make(tmp_path, 0.01)
    assert (tmp_path / "night.onnx").is_file()
    again, second = make(tmp_path, 0.02)
    assert again == first
    assert second["steps"] > first["steps"] > 0
    assert second["figures"]["held_out_l1"]["value"] > 0
    assert {"commit", "machine", "time"} <= second.keys()


def test_a_folder_is_painted_once_and_anew_where_it_changes(tmp_path: Path) -> None:
    source = photos(tmp_path / "photos", 3)
    (source / "notes.txt").write_text("no picture")
    (source / "cut-off.png").write_bytes(PNG_HEADER)
    out = showpiece.paint_folder(source, tmp_path / "painted", 64)
    assert out.name == "photos"
    assert len(list(out.iterdir())) == 3
    with Image.open(min(out.iterdir())) as painted:
        assert min(painted.size) == short_side_for(64)
    assert showpiece.paint_folder(source, tmp_path / "painted", 64) == out
    assert showpiece.paint_folder(source, tmp_path / "painted", 128) != out
    (source / "photo-000.jpg").unlink()
    assert len(list(showpiece.paint_folder(source, tmp_path / "painted", 64).iterdir())) == 2


@pytest.mark.usefixtures("short")
def test_ctrl_c_ends_it_without_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        showpiece, "train", lambda *given, **more: train(*given, **(more | {"minutes": 1e-6}))
    )
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, 0.01)
    assert not (tmp_path / "night.json").exists()
