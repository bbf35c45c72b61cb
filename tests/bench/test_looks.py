"""Looks for the browser benchmark: random weights, and every rival's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limner.bench.looks import random_look, write_formats
from limner.errors import LimnerError
from limner.export.tfjs import MODEL
from limner.look.look import Look
from limner.look.session import make_session


def refuse_look(_: Look, __: Path) -> None:
    raise LimnerError("conv is not supported by LiteRT.")


def test_a_random_look_paints_more_than_flat_grey(tmp_path: Path) -> None:
    path = random_look(tmp_path, "lean", 64)
    picture = np.zeros((1, 3, 64, 64), dtype=np.float32)
    picture[..., 20:50] = 1
    painting, _ = make_session(path.read_bytes(), path).run(["painting", "guide"], {"image": picture})
    assert painting.std() > 0.1


def test_a_look_is_written_in_every_format(tmp_path: Path) -> None:
    look = random_look(tmp_path / "made", "lean", 64)
    folder = tmp_path / "formats"
    entry = write_formats(look, folder)
    assert (entry["name"], entry["pixels"], entry["onnx"]) == ("lean", 64, "look.onnx")
    assert (folder / entry["onnx"]).read_bytes() == look.read_bytes()
    assert entry["tfjs"] == f"tfjs/{MODEL}"
    assert (folder / entry["tfjs"]).is_file()
    assert (folder / entry["plain"]).is_file()
    pytest.importorskip("ai_edge_litert")
    assert (folder / entry["tflite"]).is_file()
    assert entry["refused"] == {}


def test_the_entry_has_the_reason_if_a_format_cannot_express_the_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.bench.looks.FORMATS", {"tflite": (refuse_look, "look.tflite")})
    entry = write_formats(random_look(tmp_path, "lean", 64), tmp_path)
    assert entry["refused"] == {"tflite": "conv is not supported by LiteRT"}
    assert "tflite" not in entry
