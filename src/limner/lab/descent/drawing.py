"""The picture of a race: the surface from above with the paths, their names, and how they fell.

Colours and dashes are those of the page's tab Descent, in a reader's light or dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import torch
from numpy.typing import NDArray

from limner.lab.descent.contours import Outline, trace_regions
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import Path
from limner.lab.descent.racers import RACERS
from limner.lab.descent.surfaces import Point, Surface
from limner.lab.svg import document, ticks
from limner.lab.svg import path as path_data

LEFT, TOP = 56, 84
MAP_WIDTH, MAP_HEIGHT = 650, 520
LIST_X, LIST_WIDTH, ROW = 752, 268, 23
WIDTH, HEIGHT = LIST_X + LIST_WIDTH + 24, TOP + MAP_HEIGHT + 48
"""Pixels: the map, the list of racers beside it, and the whole picture."""

CELLS = 150
"""Of the grid of heights, over the width of the map."""

BANDS = 18

Colour = tuple[int, int, int]
"""Red, green and blue, 0..255."""

LIGHT_LAND: tuple[Colour, Colour] = ((0xFF, 0xFD, 0xF8), (0xDD, 0xD0, 0xB6))
DARK_LAND: tuple[Colour, Colour] = ((0x2F, 0x46, 0x44), (0x14, 0x12, 0x0F))
"""Of valleys and of heights."""

FAR = 1e4
"""Pixels from which on a path that left the map is not followed."""

LOWEST = 1e-6
"""Of the plot of losses: what is below is not shown."""

EARLY, START_ROOM = 10, 46
"""Steps by which the word at the start is placed, and the pixels that it needs."""

CURVE_HEAD, MIN_CURVE_SPAN = 46, 10.0

STYLE = """
.land { fill: var(--h0); }
.region { stroke: var(--contour); stroke-width: 0.8; }
.trail { fill: none; stroke-width: 2.3; stroke-linejoin: round; }
.halo { fill: none; stroke: var(--halo); stroke-opacity: 0.7; stroke-width: 4.8; stroke-linejoin: round; }
.head { stroke: var(--paper); stroke-width: 1.6; }
.mark { fill: none; stroke: var(--ink); stroke-width: 1.7; stroke-linecap: round; }
.mark.behind { stroke: var(--halo); stroke-width: 5; stroke-opacity: 0.8; }
.frame { fill: none; stroke: var(--grid); }
.start { font-style: italic; stroke: var(--halo); stroke-width: 4; stroke-linejoin: round;
  paint-order: stroke; }"""


def draw_race(surface: Surface, settings: DescentSettings, paths: Sequence[Path]) -> str:
    """An SVG of the whole race."""
    frame = Frame.around(surface)
    count = f"{len(paths)} optimizers" if len(paths) > 1 else paths[0].racer.label
    steps = f"{settings.steps:,} step{'s' if settings.steps > 1 else ''}"
    x, y = paths[0].points[0]
    variables = ", ".join(name[0] for name in surface.axes)
    parts = [
        f'<text class="title" x="{LEFT}" y="38">{surface.title}: {count}, {steps}</text>',
        f'<text class="quiet" x="{LEFT}" y="62">f({variables}) = {escape(surface.formula)}, from '
        f"({_number(x)}, {_number(y)})</text>",
        *_map(frame, surface, paths),
        *_list(paths),
        *_losses(paths, settings.steps),
    ]
    return document(WIDTH, HEIGHT, parts, colours() + STYLE)


def colours() -> str:
    """The variables of the map and of the racers: for light paper, then for dark."""
    light = "--contour: rgb(43 38 30 / 0.14); --halo: #fffdf8;" + _bands(*LIGHT_LAND)
    dark = "--contour: rgb(236 229 216 / 0.15); --halo: #14120f;" + _bands(*DARK_LAND)
    light += "".join(f" --{racer.name}: {racer.light};" for racer in RACERS.values())
    dark += "".join(f" --{racer.name}: {racer.dark};" for racer in RACERS.values())
    return f"\nsvg {{ {light} }}\n@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}"


def _bands(low: Colour, high: Colour) -> str:
    """A colour for each band of heights, in equal steps."""
    mixed = (
        [round(a + (b - a) * band / (BANDS - 1)) for a, b in zip(low, high, strict=True)]
        for band in range(BANDS)
    )
    return "".join(f" --h{band}: #{bytes(colour).hex()};" for band, colour in enumerate(mixed))


@dataclass(frozen=True)
class Frame:
    """What the map shows: the page's view, widened so that x and y have the same scale."""

    left: float
    bottom: float
    unit: float
    """Pixels of 1."""

    @classmethod
    def around(cls, surface: Surface) -> Frame:
        """The frame with the view in its middle."""
        (left, right), (bottom, top) = surface.view
        unit = min(MAP_WIDTH / (right - left), MAP_HEIGHT / (top - bottom))
        return cls((left + right - MAP_WIDTH / unit) / 2, (bottom + top - MAP_HEIGHT / unit) / 2, unit)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point."""
        return LEFT + (x - self.left) * self.unit, TOP + MAP_HEIGHT - (y - self.bottom) * self.unit

    @property
    def x_limits(self) -> Point:
        return self.left, self.left + MAP_WIDTH / self.unit

    @property
    def y_limits(self) -> Point:
        return self.bottom, self.bottom + MAP_HEIGHT / self.unit


def _map(frame: Frame, surface: Surface, paths: Sequence[Path]) -> Iterator[str]:
    box = f'x="{LEFT}" y="{TOP}" width="{MAP_WIDTH}" height="{MAP_HEIGHT}" rx="6"'
    yield f'<clipPath id="map"><rect {box}/></clipPath>'
    yield '<g clip-path="url(#map)">'
    yield f'<rect class="land" {box}/>'
    yield from _regions(frame, surface)
    for path in paths:
        yield from _trail(frame, path)
    for x, y in surface.minima:
        yield from _minimum(*frame.place(x, y))
    for path in paths:
        yield from _head(frame, path)
    yield from _start(frame, paths)
    yield "</g>"
    yield f'<rect class="frame" {box}/>'
    yield from _numbers(frame, surface)


def _regions(frame: Frame, surface: Surface) -> Iterator[str]:
    """The bands, each as the region above its level, which those of higher levels cover in part."""
    levels = make_levels(sample_heights(frame, surface))
    cell = MAP_WIDTH / CELLS
    for band in range(1, BANDS):
        outlines = [
            [(LEFT + (x - 1) * cell, TOP + (y - 1) * cell) for x, y in outline]
            for outline in trace_regions(levels, band / BANDS)
        ]
        data = "".join(f"{path_data(simplify(outline))}Z" for outline in outlines)
        if data:
            yield f'<path class="region" fill="var(--h{band})" d="{data}"/>'


def sample_heights(frame: Frame, surface: Surface) -> NDArray[np.float64]:
    """Heights above the minimum from the top left on, with a cell more than the map on every side."""
    step = MAP_WIDTH / CELLS / frame.unit
    rows = math.ceil(MAP_HEIGHT / MAP_WIDTH * CELLS)
    x = frame.x_limits[0] + step * torch.arange(-1, CELLS + 2, dtype=torch.float64)
    y = frame.y_limits[1] - step * torch.arange(-1, rows + 2, dtype=torch.float64)
    heights: NDArray[np.float64] = surface.value(x[None, :], y[:, None]).numpy() - surface.least
    return heights


def make_levels(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights as 0..1: equal steps are equal factors, since valleys are flat."""
    small = float(heights.max()) / 3000
    levels: NDArray[np.float64] = np.log1p(np.maximum(heights, 0) / small)
    levels /= levels.max()
    return levels


def simplify(outline: Outline, tolerance: float = 0.12) -> Outline:
    """The outline in pixels without points that lie on the line between those that are kept beside them."""
    kept = outline[:1]
    for point, following in zip(outline[1:], [*outline[2:], outline[0]], strict=True):
        (x0, y0), (x, y), (x1, y1) = kept[-1], point, following
        length = math.hypot(x1 - x0, y1 - y0)
        apart = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0))
        if apart > tolerance * length or length > 40:
            kept.append(point)
    return kept


def _trail(frame: Frame, path: Path) -> Iterator[str]:
    points = list(_visible(frame, path))
    if len(points) < 2:
        return
    data = path_data(points)
    dash = " ".join(f"{length:g}" for length in path.racer.dash)
    yield f'<path class="halo" d="{data}"/>'
    yield f'<path class="trail" stroke="var(--{path.racer.name})" stroke-dasharray="{dash}" d="{data}"/>'


def _visible(frame: Frame, path: Path) -> Iterator[tuple[float, float]]:
    """Pixels of the path until it is far away, without steps that cannot be seen."""
    last = (math.inf, math.inf)
    for x, y in path.points:
        place = frame.place(x, y)
        if max(map(abs, place)) > FAR:
            return
        if math.dist(place, last) >= 0.1:
            last = place
            yield place


def _head(frame: Frame, path: Path) -> Iterator[str]:
    x, y = frame.place(*path.points[-1])
    if path.diverged is None:
        yield f'<circle class="head" fill="var(--{path.racer.name})" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'


def _minimum(x: float, y: float) -> Iterator[str]:
    cross = f'd="M{x - 7:.1f} {y:.1f}h14M{x:.1f} {y - 7:.1f}v14"'
    yield f'<path class="mark behind" {cross}/>'
    yield f'<path class="mark" {cross}/>'


def _start(frame: Frame, paths: Sequence[Path]) -> Iterator[str]:
    """A ring, with its word on the side that paths do not go to."""
    x, y = frame.place(*paths[0].points[0])
    ahead = sum(path.points[min(EARLY, path.steps)][0] - path.points[0][0] for path in paths)
    room_left, room_right = x - LEFT, LEFT + MAP_WIDTH - x
    is_left = room_right < START_ROOM or (ahead > 0 and room_left > START_ROOM)
    side, anchor = (-12, "start end") if is_left else (12, "start")
    for look in ("mark behind", "mark"):
        yield f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="6.5"/>'
    yield f'<text class="{anchor}" x="{x + side:.1f}" y="{y + 4:.1f}">start</text>'


def _numbers(frame: Frame, surface: Surface) -> Iterator[str]:
    bottom = TOP + MAP_HEIGHT
    for value in ticks(frame.x_limits):
        x, _ = frame.place(value, 0)
        yield f'<text class="quiet mid" x="{x:.1f}" y="{bottom + 18}">{_number(value)}</text>'
    for value in ticks(frame.y_limits):
        _, y = frame.place(0, value)
        yield f'<text class="quiet end" x="{LEFT - 8}" y="{y + 4:.1f}">{_number(value)}</text>'
    x_name, y_name = surface.axes
    yield f'<text class="quiet mid" x="{LEFT + MAP_WIDTH / 2}" y="{bottom + 36}">{x_name}</text>'
    turn = f"translate(18 {TOP + MAP_HEIGHT / 2}) rotate(-90)"
    yield f'<text class="quiet mid" transform="{turn}">{y_name}</text>'


def _list(paths: Sequence[Path]) -> Iterator[str]:
    """The racers with their dashes, and when each had come down."""
    yield f'<text class="quiet end" x="{LIST_X + LIST_WIDTH}" y="{TOP + 4}">down to a thousandth</text>'
    for number, path in enumerate(paths):
        y = TOP + 28 + ROW * number
        yield _sample(path, LIST_X, y)
        yield f'<text x="{LIST_X + 40}" y="{y + 4}">{path.racer.label}</text>'
        yield (
            f'<text class="quiet end" x="{LIST_X + LIST_WIDTH}" y="{y + 4}">{describe_arrival(path)}</text>'
        )


def describe_arrival(path: Path) -> str:
    """When the racer had come down, in words: `at step 41`, `not yet`, `diverged at step 7`."""
    diverged = "" if path.diverged is None else f"diverged at step {path.diverged:,}"
    if path.converged is None:
        return diverged or "not yet"
    return f"at step {path.converged:,}" + (f", {diverged}" if diverged else "")


def _sample(path: Path, x: float, y: float) -> str:
    dash = " ".join(f"{length:g}" for length in path.racer.dash)
    stroke = f'stroke="var(--{path.racer.name})" stroke-dasharray="{dash}"'
    return f'<path class="trail" {stroke} d="M{x} {y}h30"/>'


def _losses(paths: Sequence[Path], steps: int) -> Iterator[str]:
    """Heights above the minimum by step, on a logarithmic axis."""
    left, right = LIST_X + 34, LIST_X + LIST_WIDTH
    top, bottom = TOP + 28 + ROW * len(paths) + CURVE_HEAD, TOP + MAP_HEIGHT
    low, high = _loss_limits(path.losses for path in paths)

    def place(step: int, loss: float) -> tuple[float, float]:
        part = (math.log10(max(loss, low / 10)) - math.log10(low)) / (math.log10(high) - math.log10(low))
        return left + (right - left) * step / steps, bottom - (bottom - top) * min(1.02, part)

    yield f'<text class="quiet" x="{LIST_X}" y="{top - 16}">height above the minimum, by step</text>'
    for power in _powers(low, high):
        _, y = place(0, 10.0**power)
        yield f'<path class="grid" d="M{left} {y:.1f}H{right}"/>'
        yield (
            f'<text class="quiet end" x="{left - 8}" y="{y + 4:.1f}">10<tspan dy="-5" font-size="9">'
            f"{_number(power)}</tspan></text>"
        )
    for value in ticks((0, steps), least=1):
        x, _ = place(round(value), high)
        yield f'<text class="quiet mid" x="{x:.1f}" y="{bottom + 18}">{value:g}</text>'
    yield (
        f'<clipPath id="losses"><rect x="{left}" y="{top - 4}" width="{right - left + 2}" '
        f'height="{bottom - top + 4}"/></clipPath>'
    )
    yield '<g clip-path="url(#losses)">'
    for path in paths:
        dash = " ".join(f"{length:g}" for length in path.racer.dash)
        points = _thinned(place(step, loss) for step, loss in enumerate(path.losses))
        stroke = f'stroke="var(--{path.racer.name})" stroke-dasharray="{dash}" style="stroke-width: 1.6"'
        yield f'<path class="trail" {stroke} d="{path_data(points)}"/>'
    yield "</g>"


def _thinned(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points that are too near to the last one to be told from it."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if not kept or math.dist(point, kept[-1]) >= 0.1:
            kept.append(point)
    return kept


def _loss_limits(all_losses: Iterable[Sequence[float]]) -> Point:
    """Limits of the plot: from the smallest loss, `LOWEST` at least, to ten times the largest first one."""
    losses = list(all_losses)
    first = max(LOWEST, *(each[0] for each in losses))
    low = max(LOWEST, min(map(min, losses)))
    high = min(max(map(max, losses)), 10 * first)
    return low * 0.8, max(high * 1.25, low * MIN_CURVE_SPAN)


def _powers(low: float, high: float) -> list[int]:
    """Powers of ten within the limits, six at most."""
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    return list(powers[:: math.ceil(len(powers) / 6) or 1])


def _number(value: float) -> str:
    """With the minus of print."""
    return f"{value:.4g}".replace("-", "−")
