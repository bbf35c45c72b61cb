"""The page of results: what was recorded, the best first, and up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import results


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["results.py", *map(str, arguments)])
    results.main()


def measurement(kid: float | None) -> dict[str, Any]:
    return {
        "judge": "A",
        "figures": {"kid_x1000": {"value": kid, "low": None, "high": None}},
        "steps": 1000,
        "minutes": 14.0,
        "machine": {"device": "cpu", "cpu": "CPU", "cores": 2},
        "threads": 1,
        "commit": "abcdef0123",
        "time": "2026-11-28T12:00:00+00:00",
    }


def record(kid: float | None, pictures: str = "garden") -> dict[str, Any]:
    measured = [measurement(0.0), measurement(kid)]
    recipe = {"size": "lean", "pixels": 64}
    return {"limner.result": 1, "pictures": pictures, "recipe": recipe, "measured": measured}


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
    assert "| 0 at 14 min | 14 | 1,000 | CPU, 1 of 2 cores | abcdef0, 2026-11-28 |" in page


def test_the_figure_that_is_farthest_from_real_pictures_is_told() -> None:
    figures = {
        "grid_2_px_edges_to_real": {"value": 1.5, "halves_of_real_differ_by": 0.07},
        "border_detail_to_real": {"value": 0.5, "halves_of_real_differ_by": 0.1},
        "kid_x1000": {"value": 900.0},
    }
    assert results._farthest(figures) == "border detail 0.5; halves 0.1"
    assert results._farthest({}) == "-"


def test_a_showpiece_is_recorded_and_the_page_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs, showpiece = tmp_path / "docs", tmp_path / "sea.json"
    with pytest.raises(SystemExit, match="Nothing is recorded"):
        run(monkeypatch, "table", "--docs", docs)
    showpiece.write_text(json.dumps(record(3.0)))
    command = ["record", "sea", "--pictures", "drawn sea", "--docs", docs]
    run(monkeypatch, *command, "--showpiece", showpiece)
    assert len(json.loads((docs / "results" / "sea.json").read_text())["measured"]) == 2
    with pytest.raises(SystemExit, match="is not up to date"):
        run(monkeypatch, "table", "--check", "--docs", docs)
    run(monkeypatch, "table", "--docs", docs)
    run(monkeypatch, "table", "--check", "--docs", docs)
    assert "| [sea](results/sea.json)" in (docs / "results.md").read_text()
    showpiece.write_text('{"measured": []}')
    with pytest.raises(SystemExit, match="has no measurements"):
        run(monkeypatch, *command, "--showpiece", showpiece)


@pytest.mark.skipif(not (results.DOCS / "results").is_dir(), reason="nothing is recorded yet")
def test_the_page_of_this_repository_is_up_to_date() -> None:
    page = results.table(results.read_records(results.DOCS / "results"))
    assert (results.DOCS / "results.md").read_text() == page, "run `python scripts/results.py table`"
