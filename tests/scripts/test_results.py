"""The page of results: what was recorded, the best first, and up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import results
from helpers.stores import TINY, store
from limner.cli.main import main as limner
from limner.training.loop import train


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["results.py", *map(str, arguments)])
    results.main()


def record(kid: float | None, **changes: Any) -> dict[str, Any]:
    value = {"value": kid, "low": None, "high": None}
    made = {
        "limner.result": 1,
        "pictures": "garden",
        "judge": "A",
        "figures": {"kid_x1000": value},
        "recipe": {"size": "lean", "pixels": 64},
        "steps": 1000,
        "minutes": 14.0,
        "machine": "CPU",
        "commit": "abc",
        "date": "2026-11-28",
    }
    return made | changes


def test_the_lowest_kid_of_each_set_is_first() -> None:
    page = results.table(
        {
            "worse": record(5.0),
            "unknown": record(None),
            "best": record(2.0),
            "other": record(1.0, pictures="sea"),
        }
    )
    rows = [line.split("]")[0] for line in page.splitlines() if line.startswith(("| [", "## "))]
    assert rows == ["## garden", "| [best", "| [worse", "| [unknown", "## sea", "| [other"]
    assert "| 14 | 1,000 | CPU | abc, 2026-11-28 |" in page


def test_a_run_is_recorded_and_the_page_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = store(tmp_path)
    train(pictures, TINY, tmp_path / "run", epochs=1)
    docs = tmp_path / "docs"
    with pytest.raises(SystemExit, match="Nothing is recorded"):
        run(monkeypatch, "table", "--docs", docs)
    sources = str(tmp_path / "sources")
    evaluate = ["evaluate", str(tmp_path / "run"), "--against", sources, "--pictures", "6"]
    assert limner([*evaluate, "--training", sources, "--out", str(tmp_path)]) == 0
    command = ["record", "tiny", "--run", tmp_path / "run", "--pictures", "soft blobs", "--docs", docs]
    run(monkeypatch, *command, "--figures", tmp_path / "evaluation.json")
    recorded = json.loads((docs / "results" / "tiny.json").read_text())
    assert recorded["steps"] == 3 and recorded["held_out_pictures"] == 6
    assert recorded["figures"]["held_out_l1"]["value"] > 0
    with pytest.raises(SystemExit, match="is not up to date"):
        run(monkeypatch, "table", "--check", "--docs", docs)
    run(monkeypatch, "table", "--docs", docs)
    run(monkeypatch, "table", "--check", "--docs", docs)
    assert "| [tiny](results/tiny.json)" in (docs / "results.md").read_text()
    with pytest.raises(SystemExit, match="is no evaluation"):
        run(monkeypatch, *command, "--figures", docs / "results" / "tiny.json")


@pytest.mark.skipif(not (results.DOCS / "results").is_dir(), reason="nothing is recorded yet")
def test_the_page_of_this_repository_is_up_to_date() -> None:
    page = results.table(results.read_records(results.DOCS / "results"))
    assert (results.DOCS / "results.md").read_text() == page, "run `python scripts/results.py table`"
