"""The figures of a painter with their intervals, as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from limner.display import printable
from limner.evaluation.bootstrap import LEVEL, Interval
from limner.evaluation.relative import Relative
from limner.reading import read_json

FORMAT = 1
"""Version of the JSON's format, and its mark."""

MARK = "limner.evaluation"


@dataclass(frozen=True)
class Figure:
    """One figure."""

    key: str
    """Its name in the JSON, with the unit."""
    label: str
    """Its name in the table."""
    ideal: float
    """What real pictures, or a perfect painter, have."""
    interval: Interval
    halves: float | None = None
    """How far two halves of the real pictures differ, where the figure is relative to them."""

    def is_within_halves(self) -> bool:
        """Whether the figure is no farther from real pictures than two halves of them from each other."""
        return self.halves is not None and abs(self.interval.value - self.ideal) <= self.halves


@dataclass(frozen=True)
class Report:
    """What was measured of a painter."""

    pictures: int
    """Held-out pictures."""
    training_pictures: int
    judge: str | None
    """The network whose features were compared."""
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...]
    """Sentences: what was not measured, and why."""

    def figure(self, key: str) -> Figure:
        """The figure with this key. Raises KeyError."""
        return {figure.key: figure for figure in self.figures}[key]

    def to_json(self, target: str, environment: Mapping[str, Any]) -> str:
        """Everything, and where it was measured, as JSON; a figure that is not determined is null."""
        values: dict[str, Any] = {
            MARK: FORMAT,
            "target": printable(target),
            **environment,
            "judge": self.judge,
            "pictures": self.pictures,
            "training_pictures": self.training_pictures,
            "interval_percent": 100 * LEVEL,
            "figures": {figure.key: _to_json(figure) for figure in self.figures},
            "left_out": self.left_out,
        }
        return json.dumps(values, indent=2) + "\n"

    def table(self, target: str) -> Group:
        """The figures as a table for the terminal."""
        table = Table("measure", "value", f"{LEVEL:.0%} interval", "halves", "ideal")
        for number, column in enumerate(table.columns):
            column.justify = "right" if number else "left"
        for figure in self.figures:
            interval = figure.interval
            table.add_row(
                figure.label,
                _digits(interval.value),
                f"{_digits(interval.low)} to {_digits(interval.high)}",
                "" if figure.halves is None else _digits(figure.halves),
                f"{figure.ideal:g}",
            )
        judged = "" if self.judge is None else f", judged by {self.judge}"
        lines = [
            f"{printable(target)}: {self.pictures} held-out pictures{judged}",
            "halves: how far from 1 two halves of the real pictures are",
            *self.left_out,
        ]
        return Group(table, *map(Text, lines))


def is_report(path: Path) -> bool:
    """Whether `path` holds a report that limner wrote."""
    try:
        values = read_json(path)
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and MARK in values


def relative_figures(prefix: str, label: str, ratios: Iterable[tuple[str, Relative]]) -> list[Figure]:
    """Figures of ratios to real pictures, by their names."""
    return [
        Figure(f"{prefix}_{name.replace(' ', '_')}_to_real", f"{label}: {name}", 1, of.ratio, of.halves)
        for name, of in ratios
    ]


def _to_json(figure: Figure) -> dict[str, float | bool | None]:
    interval = figure.interval
    values = {"value": interval.value, "low": interval.low, "high": interval.high, "ideal": figure.ideal}
    if figure.halves is not None:
        values["halves_of_real_differ_by"] = figure.halves
    numbers: dict[str, float | bool | None] = {
        key: value if math.isfinite(value) else None for key, value in values.items()
    }
    if figure.halves is not None:
        numbers["is_within_halves"] = figure.is_within_halves()
    return numbers


def _digits(value: float) -> str:
    """A figure with three digits, or a dash where it is not determined."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
