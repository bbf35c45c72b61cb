"""The map: its regions are those above their levels, and the picture is well-formed, however paths end."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from limner.lab.descent.contours import Outline, trace_regions
from limner.lab.descent.drawing import draw_race, simplify
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import race
from limner.lab.descent.racers import RACERS
from limner.lab.descent.surfaces import make_surface

SVG = "{http://www.w3.org/2000/svg}"


def area(outline: Outline) -> float:
    """With a sign: that of its direction."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*outline, outline[0]])) / 2


def cone(side: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    y, x = np.mgrid[:side, :side]
    distance: np.ndarray[Any, np.dtype[np.float64]] = np.hypot(x - side // 2, y - side // 2)
    return distance


def test_a_hole_has_an_outline_of_the_other_direction() -> None:
    outer, hole = sorted((area(each) for each in trace_regions(cone(41), 10)), key=abs, reverse=True)
    assert abs(outer) == pytest.approx(40 * 40, rel=1e-6)
    assert abs(hole) == pytest.approx(np.pi * 100, rel=0.01)
    assert outer * hole < 0


def test_outlines_lie_at_their_level() -> None:
    inner = min(trace_regions(cone(41), 10), key=lambda outline: abs(area(outline)))
    radii = [np.hypot(x - 20, y - 20) for x, y in inner]
    assert np.max(np.abs(np.array(radii) - 10)) < 0.05


def test_two_peaks_have_an_outline_each_and_a_ridge_joins_them() -> None:
    heights = np.zeros((3, 3))
    heights[0, 0] = heights[2, 2] = 1
    assert len(list(trace_regions(heights, 0.5))) == 2
    heights[1, 1] = 1
    assert len(list(trace_regions(heights, 0.5))) == 1
    # Two high corners of one cell: the mean decides.
    assert len(list(trace_regions(np.array([[1.0, 0.0], [0.0, 1.0]]), 0.6))) == 2
    assert len(list(trace_regions(np.array([[1.0, 0.0], [0.0, 1.0]]), 0.4))) == 1


def test_a_grid_below_the_level_has_no_region() -> None:
    assert list(trace_regions(np.zeros((4, 4)), 1)) == []


def test_a_straight_side_keeps_its_corners_alone() -> None:
    side = [(float(i), 0.0) for i in range(10)]
    square = [*side, (9.0, 9.0), (0.0, 9.0)]
    assert simplify(square) == [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)]


def test_the_picture_has_every_racer_in_both_modes() -> None:
    settings = DescentSettings(on="himmelblau", who=tuple(RACERS), steps=30)
    surface = make_surface("himmelblau", 50)
    svg = draw_race(surface, settings, race(surface, settings))
    root = ElementTree.fromstring(svg)
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert "Himmelblau: 11 optimizers, 30 steps" in texts
    assert "f(x, y) = (x² + y − 11)² + (x + y² − 7)², from (−0.2, −0.9)" in texts
    light, dark = svg.rsplit("@media", 1)
    for racer in RACERS.values():
        assert racer.label in texts
        assert f"--{racer.name}: {racer.light};" in light
        assert f"--{racer.name}: {racer.dark};" in dark
    trails = [each for each in root.iter(f"{SVG}path") if each.get("class") == "trail"]
    assert len(trails) == 3 * len(RACERS)  # on the map, in the list, and as a curve
    assert len(list(root.iter(f"{SVG}circle"))) == len(RACERS) + 2
    assert texts.count("x") == texts.count("y") == 1


@pytest.mark.parametrize(
    "settings",
    [
        DescentSettings(on="rosenbrock", who=("batch",), rates={"batch": 5.0}, steps=40),
        DescentSettings(on="rosenbrock", who=("batch", "adam"), rates={"batch": 1e200}, steps=5),
        DescentSettings(on="ravine", k=1.0, start=(0.0, 0.0), who=("batch",), steps=1),
        DescentSettings(on="saddle", start=(2.6, -2.2), who=("lion",), steps=3),
    ],
    ids=["diverges", "diverges at once", "starts at the minimum", "starts in the corner"],
)
def test_whatever_happens_the_numbers_are_finite(settings: DescentSettings) -> None:
    surface = make_surface(settings.on, settings.k)
    svg = draw_race(surface, settings, race(surface, settings))
    ElementTree.fromstring(svg)
    assert not re.search(r"\b(nan|inf)\b", svg)
    assert max(abs(float(number)) for number in re.findall(r"-?\d+\.\d", svg)) < 2e4
