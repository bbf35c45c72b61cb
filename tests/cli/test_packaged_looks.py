"""The looks that ship with limner: `play` shows them, and `demo` before its own is trained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.looks import look_file
from limner.cli.main import main
from limner.errors import LimnerError
from limner.look import packaged
from limner.look.look import open_look
from limner.mark import read_image_mark
from limner.page import server

pytestmark = pytest.mark.usefixtures("work")


def listed(page: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((page / "looks" / "looks.json").read_text())
    return found | {"looks": [look["file"] for look in found["looks"]]}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two looks."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in ("sea.onnx", "garden.onnx"):
        look_file(folder, name=name)
    monkeypatch.setattr(packaged, "FOLDER", folder)
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: None)
    return folder


def test_three_small_looks_ship_with_limner() -> None:
    paths = packaged.packaged_looks()
    assert [path.name for path in paths] == ["garden.onnx", "night.onnx", "sea.onnx"]
    assert sum(path.stat().st_size for path in paths) <= packaged.MAX_BYTES
    for path in paths:
        look = open_look(path)
        assert (look.pixels, look.licence) == (256, "CC0 1.0")
        assert look.paint(np.full((256, 256, 3), 0.5, np.float32)).std() > 0.05


@pytest.mark.usefixtures("shelf")
def test_play_without_a_name_shows_the_packaged_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[dict[str, Any]] = []
    monkeypatch.setattr(server, "serve", lambda page, **_: served.append(listed(page)))
    assert main(["play"]) == 0
    assert served == [{"looks": ["garden.onnx", "sea.onnx"]}]


@pytest.mark.usefixtures("shelf")
def test_the_demo_shows_the_packaged_looks_while_it_trains(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    @contextmanager
    def serve_during(page: Path, **_: object) -> Iterator[None]:
        seen.append(listed(page))
        yield
        seen.append(listed(page))

    monkeypatch.setattr(server, "serve_during", serve_during)
    monkeypatch.setattr("limner.cli.pipeline.DEMO_PICTURES", 6)
    assert main(["demo", "night", "--pixels", "64", "--minutes", "0.01"]) == 0
    assert seen == [
        {"looks": ["garden.onnx", "sea.onnx"], "refresh": 5.0},
        {"looks": ["garden.onnx", "sea.onnx", "the-night.onnx"]},
    ]
    assert open_look(work / "limner-demo-night" / "the-night.onnx").licence == "CC0 1.0"
    drawings = [*(work / "limner-demo-night" / "drawings").rglob("*.png")]
    assert {read_image_mark(path) for path in drawings} == {"drawing"}


@pytest.mark.usefixtures("shelf")
def test_a_page_of_a_demo_that_failed_does_not_ask_for_new_looks(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def serve_during(*_: object, **__: object) -> Iterator[None]:
        yield

    def fail(*_: object) -> None:
        raise LimnerError("The disk is full.")

    monkeypatch.setattr(server, "serve_during", serve_during)
    monkeypatch.setattr("limner.cli.pipeline._draw_pictures", fail)
    assert main(["demo", "night", "--pixels", "64"]) == 1
    assert listed(work / "limner-demo-night" / "page") == {"looks": ["garden.onnx", "sea.onnx"]}
