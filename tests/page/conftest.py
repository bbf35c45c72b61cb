"""What tests of publishing share: a look, and a small page in place of the built one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from limner.export.onnx import export_look
from limner.networks.generator import make_generator
from limner.page import publish as module
from limner.recipe import Recipe


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    recipe = Recipe(size="lean", pixels=64)
    path = tmp_path_factory.mktemp("looks") / "North Sea.onnx"
    export_look(
        make_generator(recipe).eval(),
        recipe,
        path,
        name="North Sea",
        author="Ada",
        credit="Bo",
        licence="CC0",
    )
    return path


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A minimal page in place of the built one."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("new")
    (folder / "assets" / "app-2.js").write_text("2")
    monkeypatch.setattr(module, "WEB", folder)
    return folder
