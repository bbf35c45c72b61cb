"""The engine in a real browser paints the same as ONNX Runtime, and reports errors as a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.export.parity import check_engine_parity
from limner.keyframe_recipe import KeyframeRecipe
from limner.look.look import open_look
from limner.networks.generator import make_generator
from limner.networks.patch_unet import make_patch_unet
from limner.page.chromium import ASSETS, find_chromium, run_engine
from limner.recipe import Recipe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not ASSETS.is_dir(), reason="the page is not built: run `make web`"),
]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(size="full", pixels=128),
        Recipe(size="lean", pixels=64),
        Recipe(size="lean", pixels=64, guide="edges"),
        Recipe(size="lean", pixels=64, guide="colour"),
    ],
    ids=lambda recipe: f"{recipe.size}-{recipe.guide}",
)
def test_the_engine_paints_the_same_as_torch(recipe: Recipe, tmp_path: Path) -> None:
    torch.manual_seed(1)
    report = export_look(make_generator(recipe).eval(), recipe, tmp_path / "a.onnx", in_browser=True)
    assert [parity.runtime for parity in report.parity] == ["ONNX Runtime", "the engine (WebGPU)"]
    assert report.parity[1].difference <= 1e-4
    assert open_look(tmp_path / "a.onnx").figures["parity"][1]["runtime"] == "the engine (WebGPU)"


def test_the_engine_paints_a_look_from_keyframes_the_same_as_torch(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, recipe = make_patch_unet().eval(), KeyframeRecipe(pixels=64)
    report = export_look(network, recipe, tmp_path / "a.onnx", in_browser=True)
    assert [parity.runtime for parity in report.parity] == ["ONNX Runtime", "the engine (WebGPU)"]
    assert report.parity[1].difference <= 1e-4


def test_a_different_painting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(size="lean", pixels=64)
    export_look(make_generator(recipe).eval(), recipe, tmp_path / "a.onnx")
    picture = np.full((1, 3, 64, 64), 0.5, np.float32)
    wrong = {"painting": np.zeros(3 * 64 * 64, np.float32), "guide": np.zeros(64 * 64, np.float32)}
    monkeypatch.setattr("limner.export.parity.run_engine", lambda *_: wrong)
    with pytest.raises(LimnerError, match="paints differently"):
        check_engine_parity(open_look(tmp_path / "a.onnx").model, [picture])


def test_an_invalid_look_raises_with_the_engines_message() -> None:
    with pytest.raises(LimnerError, match=r"The engine refuses the look: .*ONNX"):
        run_engine(b"not a look", {})


@pytest.mark.parametrize(
    ("browser", "reason"), [(None, "there is no Chromium"), ("/nonexistent", "the browser failed")]
)
def test_without_a_browser_the_look_is_written_and_the_report_has_the_reason(
    browser: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.page.chromium.find_chromium", lambda: browser)
    recipe = Recipe(size="lean", pixels=64)
    report = export_look(make_generator(recipe).eval(), recipe, tmp_path / "a.onnx", in_browser=True)
    assert reason in report.unchecked
    assert len(report.parity) == 1
    assert (tmp_path / "a.onnx").exists()
