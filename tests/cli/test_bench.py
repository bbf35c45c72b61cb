"""bench: options that the chosen benchmark does not use are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limner.bench import quality
from limner.cli.commands.bench import BenchCommand
from limner.errors import LimnerError


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"what": "training", "looks": (Path("x.onnx"),)}, "bench training takes no looks"),
        ({"what": "training", "gpu": True}, "bench training takes no --gpu"),
        ({"what": "quality", "rivals": ("ort-wasm",)}, "quality takes no --rivals"),
        ({"what": "training", "sizes": ("lean",)}, "training takes no --sizes"),
        ({"what": "training", "recipes": ("now",)}, "training takes no --recipes"),
        ({"what": "browser", "named_looks": ("a=b.onnx",)}, "browser takes no --looks"),
        ({"what": "quality", "looks": (Path("x.onnx"),)}, "quality takes no looks"),
        ({"what": "quality", "quick": True, "sets": ("sea",)}, "leave out all other options"),
        ({"what": "browser", "clips": (Path("a.mp4"),)}, "bench browser takes no --clips"),
    ],
)
def test_an_unused_option_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        BenchCommand(**options).run()


def test_quick_quality_takes_its_own_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Any] = []

    def note(plan: quality.QualityPlan, out: Path, **_: object) -> None:
        plans.append(plan)
        (out / "quality.md").write_text("measured")

    monkeypatch.setattr(quality, "bench_quality", note)
    BenchCommand(what="quality", quick=True, out=tmp_path).run()
    assert plans == [quality.QUICK_PLAN]
