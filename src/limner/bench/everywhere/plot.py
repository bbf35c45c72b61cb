"""The plot of `limner bench everywhere`: a dot for each row on a logarithmic axis, made from its JSON.

Whiskers are the 10th and the 90th percentile. Colours are platforms, and shapes as well, for people who do
not see them. Published figures for MobileNet lie below ours, marked as quoted: they are of another
MobileNet, on another machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from limner.bench.everywhere.report import PLATFORMS, milliseconds, row_label
from limner.bench.everywhere.rows import MIN_SAMPLES, is_ranked
from limner.lab.svg import document

WIDTH, LEFT, RIGHT = 940, 376, 96
TOP, LINE, HEAD, BOTTOM = 92, 21, 40, 30
COLOURS = {"python": "--c0", "node": "--c2", "browser": "--c1"}
QUOTED_FOR = "MobileNet"


class Quoted(NamedTuple):
    """A published figure."""

    label: str
    platform: str
    ms: float


QUOTED = (
    Quoted("browser, CPU", "browser", 97.0),
    Quoted("browser, WebGL", "browser", 10.0),
    Quoted("Node, CPU", "node", 19.6),
    Quoted("Node, CUDA", "node", 7.68),
)
"""H. Liu, Evaluation of ML methods for online use in the browser (thesis, Tübingen), section 3.4: 200 runs
of a MobileNet in TensorFlow.js; the figures are quoted from Google there."""


def draw_everywhere(results: dict[str, Any]) -> str:
    """The SVG; rows that are not ranked are not drawn."""
    ranked = sorted(filter(is_ranked, results["rows"]), key=lambda row: row["p50Ms"])
    names = [model["name"] for model in results["models"]]
    groups = [(name, [row for row in ranked if row["model"] == name]) for name in names]
    drawn = [(name, rows) for name, rows in groups if rows]
    every = [value for _, rows in drawn for row in rows for value in _spread(row)]
    quoted = [figure.ms for figure in QUOTED] if any(name == QUOTED_FOR for name, _ in drawn) else []
    axis = _Axis(min([*every, *quoted], default=1.0), max([*every, *quoted], default=10.0))
    parts, y = [*_legend(has_quoted=bool(quoted))], float(TOP)
    for name, rows in drawn:
        begin = y
        parts.append(f'<text class="name" x="20" y="{y + 14:.0f}">{escape(name)}</text>')
        body: list[str] = []
        y += HEAD - LINE / 2
        for row in rows:
            body += _dot(row, y, axis)
            y += LINE
        for figure in QUOTED if name == QUOTED_FOR else ():
            body += _quoted_dot(figure, y, axis)
            y += LINE
        parts += [*_grid(axis, begin + 22, y - LINE / 2), *body]
        y += 4
    parts += [
        f'<text class="quiet mid" x="{axis.position(value):.1f}" y="{y + 12:.0f}">{value:g}</text>'
        for value in axis.decades
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="quiet mid" x="{middle}" y="{y + 30:.0f}">milliseconds of a run</text>')
    style = "<style>.name { font-weight: 600; }</style>"
    return document(WIDTH, round(y + BOTTOM + 12), [style, *parts])


class _Axis:
    """A logarithmic axis in whole decades."""

    def __init__(self, least: float, most: float) -> None:
        self._low = math.floor(math.log10(max(least, 1e-6)))
        self._high = max(math.ceil(math.log10(max(most, 1e-6))), self._low + 1)

    @property
    def decades(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]

    def position(self, value: float) -> float:
        part = (math.log10(max(value, 1e-6)) - self._low) / (self._high - self._low)
        return LEFT + (WIDTH - LEFT - RIGHT) * part


def _legend(*, has_quoted: bool) -> Iterator[str]:
    yield '<text class="title" x="20" y="32">The same networks everywhere</text>'
    about = (
        "Median of the runs, whiskers from the 10th to the 90th percentile; hollow: not steady; "
        f"without whiskers: fewer than {MIN_SAMPLES} runs"
    )
    yield f'<text class="quiet" x="20" y="52">{about}</text>'
    x = 20
    for platform, name in PLATFORMS.items():
        yield _mark(platform, x + 6, 68, is_hollow=False)
        yield f'<text x="{x + 18}" y="72.5">{name}</text>'
        x += 90
    if has_quoted:
        yield f'<path class="grid" d="M{x} 68h26" style="stroke: var(--quiet); stroke-dasharray: 3 3"/>'
        about = "quoted (H. Liu, from Google): another MobileNet, on another machine"
        yield f'<text class="quiet" x="{x + 34}" y="72.5">{about}</text>'


def _grid(axis: _Axis, top: float, bottom: float) -> Iterator[str]:
    for value in axis.decades:
        yield f'<path class="grid" d="M{axis.position(value):.1f} {top:.1f}V{bottom:.1f}"/>'


def _spread(row: dict[str, Any]) -> tuple[float, float, float]:
    """The ends of a row's whiskers, and the median between them. With too few runs all are the median."""
    middle: float = row["p50Ms"]
    return (middle, middle, middle) if row["p10Ms"] is None else (row["p10Ms"], middle, row["p90Ms"])


def _dot(row: dict[str, Any], y: float, axis: _Axis) -> Iterator[str]:
    colour = f"var({COLOURS[row['platform']]})"
    label = f"{row_label(row)} ({PLATFORMS[row['platform']]})"
    low, middle, high = map(axis.position, _spread(row))
    yield f'<text class="end" x="{LEFT - 14}" y="{y + 4.5:.1f}">{escape(label)}</text>'
    if row["p10Ms"] is not None:
        yield f'<path d="M{low:.1f} {y:.1f}H{high:.1f}" stroke="{colour}" stroke-width="2"/>'
    yield _mark(row["platform"], middle, y, is_hollow=not row["steady"])
    x, text = max(high, middle) + 11, milliseconds(row["p50Ms"])
    yield f'<text class="quiet" x="{x:.1f}" y="{y + 4:.1f}">{text}</text>'


def _quoted_dot(figure: Quoted, y: float, axis: _Axis) -> Iterator[str]:
    x = axis.position(figure.ms)
    yield f'<text class="end quiet" x="{LEFT - 14}" y="{y + 4.5:.1f}">quoted: {escape(figure.label)}</text>'
    yield f'<path d="M{LEFT} {y:.1f}H{x - 8:.1f}" stroke="var(--quiet)" stroke-dasharray="3 3"/>'
    yield _mark(figure.platform, x, y, is_hollow=False, extra='opacity="0.55"')
    yield f'<text class="quiet" x="{x + 11:.1f}" y="{y + 4:.1f}">{figure.ms:g}</text>'


def _mark(platform: str, x: float, y: float, *, is_hollow: bool, extra: str = "") -> str:
    """A circle for Python, a square for Node, a diamond for the browser."""
    colour = f"var({COLOURS[platform]})"
    fill = "var(--paper)" if is_hollow else colour
    style = f'fill="{fill}" stroke="{colour}" stroke-width="1.8" {extra}'
    if platform == "python":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.6" {style}/>'
    if platform == "node":
        return f'<rect x="{x - 4.2:.1f}" y="{y - 4.2:.1f}" width="8.4" height="8.4" {style}/>'
    return f'<path d="M{x:.1f} {y - 5.8:.1f}l5.8 5.8l-5.8 5.8l-5.8 -5.8Z" {style}/>'
