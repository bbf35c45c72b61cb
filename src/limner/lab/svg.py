"""Plots as SVG: curves with bands, scattered points, and tables of coloured cells.

Colours can be told apart by the colour-blind (Okabe and Ito), curves by their dashes as well. The file
follows a reader's light or dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

STYLE = """\
svg {
  --paper: #fdfaf4; --ink: #2b261e; --quiet: #7b705f; --grid: #e4dbc9; --cell: #2f6f66; --bad: #b4492d;
  --c0: #0072b2; --c1: #c04f00; --c2: #007a5a; --c3: #a8508a; --c4: #8a6d00; --c5: #2b8fc4; --c6: #6b5fb0;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #14120f; --ink: #ece5d8; --quiet: #a99f8f; --grid: #37322a; --cell: #8cc5b6; --bad: #f0937a;
    --c0: #56b4e9; --c1: #f58a4a; --c2: #3cc39b; --c3: #dd93c0; --c4: #e0c04c; --c5: #9ad4f5; --c6: #b0a6ec;
  }
}
.paper { fill: var(--paper); }
text { fill: var(--ink); }
.quiet { fill: var(--quiet); font-size: 12px; }
.title { font: 19px "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", Georgia, serif; }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.band { opacity: 0.16; }
.mid { text-anchor: middle; }
.end { text-anchor: end; }"""

COLOURS = 7
DASHES = ("", "7 4", "2 3", "9 3 2 3")

LEFT, TOP, RIGHT, BOTTOM = 66, 52, 200, 48
"""Pixels around the plot: values, title, legend, axis."""

CELL = 46
"""Pixels of a cell of a table."""


@dataclass(frozen=True)
class Curve:
    """One line of a plot."""

    label: str
    points: Sequence[tuple[float, float]]
    """From left to right."""
    band: Sequence[tuple[float, float, float]] = ()
    """(x, low, high): the spread around the line."""


@dataclass(frozen=True)
class Axes:
    """What a plot shows, and within which limits."""

    title: str
    x: str
    """What the x axis counts: its numbers are whole."""
    y: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    width: int = 820
    height: int = 400

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point; what lies outside of the limits is drawn at the border."""
        return (
            LEFT + (self.width - LEFT - RIGHT) * _part(x, self.x_limits),
            self.height - BOTTOM - (self.height - TOP - BOTTOM) * _part(y, self.y_limits),
        )


def draw_plot(axes: Axes, curves: Sequence[Curve], points: Iterable[tuple[float, float]] = ()) -> str:
    """An SVG with the curves, the legend in their order, and loose points below them."""
    parts = [*_frame(axes)]
    parts += [
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.6" fill="var(--quiet)" opacity="0.55"/>'.format(
            *axes.place(x, y)
        )
        for x, y in points
    ]
    for number, curve in enumerate(curves):
        parts += _curve(axes, curve, number)
    return document(axes.width, axes.height, parts)


def limits_of(values: Iterable[float], *, ceiling: float = math.inf) -> tuple[float, float]:
    """Limits that hold the finite values, with a little room, not above `ceiling`."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = 0.05 * (high - low) or 0.05 * (abs(high) or 1)
    return low - room, min(high + room, ceiling)


def draw_table(title: str, names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A confusion matrix: a row for each true class. Cells are as dark as their part of the row."""
    left, top = 110, 92
    side = CELL * len(names)
    parts = [
        f'<text class="title" x="20" y="32">{escape(title)}</text>',
        f'<text class="quiet mid" x="{left + side / 2}" y="{top - 30}">predicted</text>',
        f'<text class="quiet mid" transform="translate(16 {top + side / 2}) rotate(-90)">true</text>',
    ]
    for number, name in enumerate(names):
        middle = CELL * (number + 0.5)
        parts.append(f'<text class="end" x="{left - 8}" y="{top + middle + 4}">{escape(name)}</text>')
        parts.append(f'<text class="mid quiet" x="{left + middle}" y="{top - 8}">{escape(name[:6])}</text>')
        total = max(sum(counts[number]), 1)
        for column, count in enumerate(counts[number]):
            at = left + CELL * column, top + CELL * number
            parts += _cell(*at, count=count, part=count / total, is_right=number == column)
    return document(left + side + 20, top + side + 20, parts)


def _cell(x: float, y: float, *, count: int, part: float, is_right: bool) -> Iterator[str]:
    # Confusions are rare: a root shows them beside the diagonal.
    shade = part if is_right else min(1.0, math.sqrt(part) * 1.5)
    colour = "cell" if is_right else "bad"
    yield (
        f'<rect x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{CELL - 2}" rx="3" '
        f'fill="var(--{colour})" fill-opacity="{0.04 + 0.8 * shade:.2f}"/>'
    )
    if count:
        fill = ' style="fill: var(--paper)"' if shade > 0.55 else ""
        yield f'<text class="mid"{fill} x="{x + CELL / 2}" y="{y + CELL / 2 + 4.5}">{count}</text>'


def _frame(axes: Axes) -> Iterator[str]:
    """The title, the axes with their numbers, and a grid."""
    yield f'<text class="title" x="20" y="32">{escape(axes.title)}</text>'
    for value in ticks(axes.y_limits):
        x, y = axes.place(axes.x_limits[0], value)
        yield f'<path class="grid" d="M{x:.1f} {y:.1f}H{axes.width - RIGHT}"/>'
        yield f'<text class="quiet end" x="{x - 8:.1f}" y="{y + 4:.1f}">{value:.6g}</text>'
    for value in ticks(axes.x_limits, least=1):
        x, y = axes.place(value, axes.y_limits[0])
        yield f'<text class="quiet mid" x="{x:.1f}" y="{y + 18:.1f}">{value:.6g}</text>'
    middle = (LEFT + axes.width - RIGHT) / 2
    yield f'<text class="quiet mid" x="{middle}" y="{axes.height - 10}">{escape(axes.x)}</text>'
    turn = f"translate(18 {(TOP + axes.height - BOTTOM) / 2}) rotate(-90)"
    yield f'<text class="quiet mid" transform="{turn}">{escape(axes.y)}</text>'


def _curve(axes: Axes, curve: Curve, number: int) -> Iterator[str]:
    colour, dash = f"var(--c{number % COLOURS})", DASHES[number // COLOURS % len(DASHES)]
    if curve.band:
        upper = [axes.place(x, high) for x, _, high in curve.band]
        lower = [axes.place(x, low) for x, low, _ in reversed(curve.band)]
        yield f'<path class="band" fill="{colour}" d="{path([*upper, *lower])}Z"/>'
    stroke = f'stroke="{colour}" stroke-dasharray="{dash}"'
    line = path([axes.place(x, y) for x, y in curve.points])
    yield f'<path class="line" {stroke} d="{line}"/>'
    x, y = axes.width - RIGHT + 18, TOP + 12 + 21 * number
    yield f'<path class="line" {stroke} d="M{x} {y}h26"/>'
    yield f'<text x="{x + 34}" y="{y + 4}">{escape(curve.label)}</text>'


def path(points: Sequence[tuple[float, float]]) -> str:
    """The data of a path through points, in pixels."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def ticks(limits: tuple[float, float], least: float = 1e-12) -> list[float]:
    """Round numbers within the limits, about six, at least `least` apart."""
    low, high = limits
    rough = max((high - low) / 6, least)
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(each * scale for each in (1, 2, 2.5, 5, 10) if each * scale >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _part(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    if not math.isfinite(value):
        return 0.0
    return min(1.0, max(0.0, (value - low) / (high - low)))


def document(width: float, height: float, parts: Iterable[str], style: str = "") -> str:
    """The SVG of a picture on paper, with a style sheet of its own if it has one."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}">\n<style>\n{STYLE}{style}\n</style>\n'
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>\n{body}\n</svg>\n'
    )
