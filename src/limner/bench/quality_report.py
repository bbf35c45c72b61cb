"""The report of the quality benchmark: its JSON, its table, and a contact sheet for each set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from limner.bench.comparison import average_figure, compare_figures
from limner.bench.contestants import Measured
from limner.bench.environment import describe_environment
from limner.bench.picture_sets import PictureSet
from limner.evaluation.bootstrap import LEVEL
from limner.evaluation.samples import evenly_spaced
from limner.evaluation.sheets import draw_cell, draw_sheet, to_uint8, write_image

COLUMNS = 6
"""Held-out pictures on a contact sheet."""


def record_set(pictures: PictureSet, measured: Sequence[Measured], held_out: int) -> dict[str, Any]:
    reports = [report for each in measured for report in each.reports]
    return {
        "name": pictures.name,
        "drawn": pictures.is_drawn,
        "digest": pictures.digest,
        "training": len(pictures.store.training),
        "held_out": held_out,
        "judge": reports[0].judge if reports else None,
        "left_out": list(reports[0].left_out) if reports else [],
        "contestants": [_record_contestant(each, measured[0]) for each in measured],
    }


def _record_contestant(measured: Measured, first: Measured) -> dict[str, Any]:
    contestant = measured.contestant
    return {
        "name": contestant.name,
        "recipe": None if contestant.recipe is None else asdict(contestant.recipe),
        "trainings": contestant.trainings,
        "figures": dict(_record_figures(measured, first)),
    }


def _record_figures(measured: Measured, first: Measured) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each figure over the seeds, and compared with the first contestant's."""
    if not measured.reports:
        return
    for figure in measured.reports[0].figures:
        seeds = [report.figure(figure.key) for report in measured.reports]
        mean = average_figure(seeds)
        record: dict[str, Any] = {
            "label": figure.label,
            "ideal": figure.ideal,
            "value": _finite(mean.value),
            "low": _finite(mean.low),
            "high": _finite(mean.high),
            "seeds": [_finite(seed.interval.value) for seed in seeds],
        }
        if figure.halves is not None:
            record["halves_of_real_differ_by"] = _finite(figure.halves)
        if measured is not first and first.reports:
            compared = compare_figures(seeds, [report.figure(figure.key) for report in first.reports])
            record["against_first"] = {
                "difference": _finite(compared.difference.value),
                "low": _finite(compared.difference.low),
                "high": _finite(compared.difference.high),
                "verdict": compared.verdict,
            }
        yield figure.key, record


def _finite(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def write_sheet(path: Path, measured: Sequence[Measured], real: Tensor, minutes: float) -> None:
    """A row for the guide, for each contestant's first seed, and for the real pictures."""
    shown = real[evenly_spaced(range(len(real)), COLUMNS)]
    painters = {
        each.contestant.name: each.contestant.painters[0].plain for each in measured if each.reports
    }
    if not painters:
        return
    rows = {"guide": next(iter(painters.values())).guide(shown).expand(-1, 3, -1, -1)}
    rows |= {name: painter.paint(shown) for name, painter in painters.items()}
    rows["real"] = shown
    side = min(real.shape[-1], 256)
    cells = {
        name: [draw_cell(image, side) for image in to_uint8(2 * row - 1)] for name, row in rows.items()
    }
    write_image(path, draw_sheet(cells, [("held-out pictures", len(shown))], f"{minutes:g} minutes each"))


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    commit = results["commit"] or "unknown"
    lines = [
        "# Quality at equal training time",
        "",
        f"{describe_environment(results)} Commit {commit}. {results['pixels']} pixels, "
        f"{results['minutes']:g} minutes for each recipe with each seed ({_join(results['seeds'])}) on "
        "each set. Made by `limner bench quality` from `quality.json`.",
        "",
        f"Values are means over the seeds, with {LEVEL:.0%} intervals over held-out pictures. *Better* and "
        "*worse* compare with the first column, picture by picture: the paired interval excludes 0, and "
        "all seeds of the one are better than all of the other. All else is within noise.",
    ]
    for pictures in results["sets"]:
        lines += ["", *_set_lines(pictures)]
    return "\n".join(lines) + "\n"


def _set_lines(pictures: dict[str, Any]) -> Iterator[str]:
    contestants = pictures["contestants"]
    judged = f", judged by {pictures['judge']}" if pictures["judge"] else ""
    yield f"## {pictures['name']}"
    yield ""
    yield f"{pictures['training']} training pictures, {pictures['held_out']} held out{judged}."
    yield ""
    yield f"| | ideal | {' | '.join(each['name'] for each in contestants)} |"
    yield f"|---|---|{'---|' * len(contestants)}"
    steps = (_join(training["steps"] for training in each["trainings"]) for each in contestants)
    yield f"| steps | | {' | '.join(steps)} |"
    minutes = (_join(round(one["seconds"] / 60, 1) for one in each["trainings"]) for each in contestants)
    yield f"| minutes | | {' | '.join(minutes)} |"
    keys = dict.fromkeys(key for each in contestants for key in each["figures"])
    for key in keys:
        found = [each["figures"].get(key) for each in contestants]
        known = next(figure for figure in found if figure)
        cells = " | ".join("" if figure is None else _cell(figure) for figure in found)
        yield f"| {known['label']} | {known['ideal']:g} | {cells} |"
    yield ""
    for each in contestants:
        for training in each["trainings"]:
            for sentence in filter(None, (training["diverged"], training["collapsed"])):
                yield f"- {each['name']}, seed {training['seed']}: {sentence}"
    yield from (f"- {sentence}" for sentence in pictures["left_out"])
    if pictures["drawn"]:  # photos may be trained on, and not always shown
        yield ""
        yield f"![{pictures['name']}](quality-{pictures['name']}.jpg)"


def _cell(figure: dict[str, Any]) -> str:
    """Such as `12.3 (11.0 to 13.5) better`."""
    if figure["value"] is None:
        return "-"
    compared = figure.get("against_first", {}).get("verdict", "within noise")
    verdict = "" if compared == "within noise" else f" **{compared}**"
    ends = "" if figure["low"] is None else f" ({figure['low']:.3g} to {figure['high']:.3g})"
    return f"{figure['value']:.3g}{ends}{verdict}"


def _join(values: Any) -> str:
    return ", ".join(f"{value:,}" for value in values)
