"""Filters of what the network is shown, from one frame alone.

These and the temporal ones are the controls of Akten's *Learning to See* (2017, webcam-pix2pix-tensorflow).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from limner.export.filter_writer import FilterWriter, Value

MIN_RANGE = 0.1
"""The least range that is stretched to 0..1: that of a flat wall would be noise."""

BLUR_SIDE = 64
"""The side at which a larger guide is blurred."""

BLUR_DEVIATION, BLUR_REACH = 2.0, 4
"""Of the Gaussian, in pixels of at most `BLUR_SIDE`: its standard deviation, and where it is cut off."""

SLOPE = 40.0
"""How steep a threshold is: from 0.1 to 0.9 within 0.11. A step would flicker more."""


def write_stretch(one: FilterWriter, shown: Value) -> None:
    """Stretch the guide's range to 0..1."""
    add = one.writer.add
    axes, name = one.writer.integers([1, 2, 3]), one.read(shown.name)
    low = add("ReduceMin", name, axes)
    width = add("Max", add("Sub", add("ReduceMax", name, axes), low), MIN_RANGE)
    one.mix(shown, add("Div", add("Sub", name, low), width))


def write_blur(one: FilterWriter, shown: Value) -> None:
    """Blur by a Gaussian; rows and columns one after the other."""
    add, side = one.writer.add, min(shown.side, BLUR_SIDE)
    small = one.shrink(one.read(shown.name), shown.side, side)
    edges = one.writer.integers([0, 0, BLUR_REACH, BLUR_REACH] * 2)
    blurred = add("Pad", small, edges, mode="edge")
    places = np.arange(-BLUR_REACH, BLUR_REACH + 1)
    window = np.exp(-0.5 * (places / BLUR_DEVIATION) ** 2)
    window = np.asarray(window / window.sum(), np.float32)
    for shape in ((-1, 1), (1, -1)):
        kernel = np.tile(window.reshape(1, 1, *shape), (shown.channels, 1, 1, 1))
        blurred = add("Conv", blurred, one.writer.constant(kernel), group=shown.channels)
    one.mix(shown, one.enlarge(blurred, side, shown.side))


def write_median(one: FilterWriter, shown: Value) -> None:
    """The median of 3 x 3 pixels: columns are sorted, then the middle of what is left is taken."""
    add = one.writer.add
    padded = add("Pad", one.read(shown.name), one.writer.integers([0, 0, 1, 1] * 2), mode="edge")
    rows = _neighbours(one, padded, 2, shown.side)
    low, middle, high = add("Min", *rows), _median(one, *rows), add("Max", *rows)
    lows, middles, highs = (_neighbours(one, name, 3, shown.side) for name in (low, middle, high))
    one.mix(shown, _median(one, add("Max", *lows), _median(one, *middles), add("Min", *highs)))


def _neighbours(one: FilterWriter, name: str, axis: Literal[2, 3], side: int) -> list[str]:
    """A padded picture, moved by -1, 0 and 1 along an axis."""
    integers = one.writer.integers
    return [
        one.writer.add("Slice", name, integers([start]), integers([start + side]), integers([axis]))
        for start in range(3)
    ]


def _median(one: FilterWriter, first: str, second: str, third: str) -> str:
    add = one.writer.add
    return add("Max", add("Min", first, second), add("Min", add("Max", first, second), third))


def write_threshold(one: FilterWriter, shown: Value) -> None:
    """Black below the live input, white above it."""
    add, out = one.writer.add, one.replace(shown)
    above = add("Sub", shown.name, one.strength())
    add("Sigmoid", add("Mul", above, SLOPE), out=out)


def write_invert(one: FilterWriter, shown: Value) -> None:
    """Swap black and white."""
    one.mix(shown, one.writer.add("Sub", 1.0, one.read(shown.name)))
