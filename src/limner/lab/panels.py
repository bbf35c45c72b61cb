"""Many curves as small panels: each stands out once, in front of all others, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from limner.lab.svg import Curve, document, path, ticks

COLUMNS = 5
WIDTH, HEIGHT = 160, 150
"""Pixels of the plot in a panel."""

LEFT, TOP, GAP_X, GAP_Y = 64, 84, 22, 48
ROUND = (1, 2, 5)


@dataclass(frozen=True)
class Panels:
    """What all panels share."""

    title: str
    x: str
    y: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    """Above 0."""

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point within its panel; y outside of the limits, or NaN, is drawn at the border."""
        left, right = self.x_limits
        low, high = map(math.log, self.y_limits)
        part = (math.log(max(y, 1e-12)) - low) / (high - low) if math.isfinite(y) else 1.0
        return WIDTH * (x - left) / (right - left), HEIGHT * (1 - min(1.0, max(0.0, part)))


def draw_panels(panels: Panels, curves: Sequence[Curve]) -> str:
    """An SVG with a panel for each curve, in their order."""
    rows = math.ceil(len(curves) / COLUMNS)
    width = LEFT + COLUMNS * (WIDTH + GAP_X)
    height = TOP + rows * (HEIGHT + GAP_Y)
    parts = [
        f'<text class="title" x="20" y="32">{escape(panels.title)}</text>',
        f'<text class="quiet" x="20" y="52">{escape(panels.y)}, by {escape(panels.x)}; '
        "the band is the standard deviation, grey are the others</text>",
    ]
    for number, curve in enumerate(curves):
        x = LEFT + number % COLUMNS * (WIDTH + GAP_X)
        y = TOP + number // COLUMNS * (HEIGHT + GAP_Y)
        is_last_row = number + COLUMNS >= len(curves)
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _grid(panels, has_numbers=number % COLUMNS == 0, has_x=is_last_row)
        others = [each for each in curves if each is not curve]
        parts += [
            _line(panels, each, 'stroke="var(--quiet)" style="stroke-width: 1; opacity: 0.35"')
            for each in others
        ]
        parts += _foremost(panels, curve)
        parts.append("</g>")
    return document(width, height, parts)


def _grid(panels: Panels, *, has_numbers: bool, has_x: bool) -> Iterator[str]:
    for value in log_ticks(panels.y_limits):
        _, y = panels.place(panels.x_limits[0], value)
        yield f'<path class="grid" d="M0 {y:.1f}H{WIDTH}"/>'
        if has_numbers:
            yield f'<text class="quiet end" x="-8" y="{y + 4:.1f}">{value:g}</text>'
    for value in ticks(panels.x_limits, least=1) if has_x else ():
        x, _ = panels.place(value, panels.y_limits[0])
        yield f'<text class="quiet mid" x="{x:.1f}" y="{HEIGHT + 18}">{value:g}</text>'


def _foremost(panels: Panels, curve: Curve) -> Iterator[str]:
    if curve.band:
        upper = [panels.place(x, high) for x, _, high in curve.band]
        lower = [panels.place(x, low) for x, low, _ in reversed(curve.band)]
        yield f'<path class="band" fill="var(--c0)" d="{path([*upper, *lower])}Z"/>'
    yield _line(panels, curve, 'stroke="var(--c0)" style="stroke-width: 2.5"')
    yield f'<text x="0" y="-8">{escape(curve.label)}</text>'
    _, last = curve.points[-1]
    yield f'<text class="end" x="{WIDTH}" y="-8">{last:.3g}</text>'


def _line(panels: Panels, curve: Curve, style: str) -> str:
    points = [panels.place(x, y) for x, y in curve.points]
    return f'<path class="line" {style} d="{path(points)}"/>'


def log_ticks(limits: tuple[float, float]) -> list[float]:
    """1, 2, 5, 10, 20 and so on within the limits."""
    low, high = limits
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [round(each * 10.0**power, 12) for power in powers for each in ROUND]
    return [value for value in values if low <= value <= high]
