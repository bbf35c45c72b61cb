"""Plots are well-formed, within their borders, and have round numbers at their axes."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from limner.lab.panels import Panels, draw_panels, log_ticks
from limner.lab.svg import Axes, Curve, draw_plot, draw_table, limits_of, ticks

AXES = Axes("A <title> & more", "epoch", "%", (1, 10), (0, 100))


def test_plots_are_well_formed() -> None:
    curve = Curve("a & b", [(1, 2), (5, 50), (10, 99)], [(1, 0, 4), (10, 98, 100)])
    root = ElementTree.fromstring(draw_plot(AXES, [curve, curve], [(3, 4)]))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "A <title> & more" in texts
    assert texts.count("a & b") == 2
    assert ElementTree.fromstring(draw_table("t", ["<a>", "b"], [[3, 1], [0, 0]])) is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9, -1e9])
def test_what_is_outside_stays_within_the_picture(value: float) -> None:
    x, y = AXES.place(5, value)
    assert 0 <= x <= AXES.width
    assert 0 <= y <= AXES.height


@pytest.mark.parametrize(
    ("limits", "expected"),
    [((0, 100), [0, 20, 40, 60, 80, 100]), ((0.97, 0.993), [0.97, 0.975, 0.98, 0.985, 0.99])],
)
def test_ticks_are_round(limits: tuple[float, float], expected: list[float]) -> None:
    assert ticks(limits) == pytest.approx(expected)


def test_epochs_have_whole_numbers() -> None:
    assert ticks((1, 3), least=1) == [1, 2, 3]


def test_limits_leave_room_and_ignore_what_is_not_finite() -> None:
    assert limits_of([math.nan, 0, 10]) == (-0.5, 10.5)
    assert limits_of([90, 99.9], ceiling=100)[1] == 100
    low, high = limits_of([])
    assert low < high


def test_each_panel_has_its_curve_in_front_of_the_others() -> None:
    panels = Panels("t & t", "epoch", "errors", (1, 3), (0.5, 50))
    curves = [Curve(f"<{name}>", [(1, 40), (2, 0), (3, math.nan)], [(1, 30, 50)]) for name in "abcdef"]
    root = ElementTree.fromstring(draw_panels(panels, curves))
    groups = list(root.iter("{http://www.w3.org/2000/svg}g"))
    assert len(groups) == 6
    assert [len(group.findall("*[@class='line']")) for group in groups] == [6] * 6
    assert "nan" not in "".join(path.get("d", "") for path in root.iter("{http://www.w3.org/2000/svg}path"))


def test_logarithmic_ticks_are_round() -> None:
    assert log_ticks((0.7, 12)) == [1, 2, 5, 10]
    assert log_ticks((0.04, 0.3)) == [0.05, 0.1, 0.2]
