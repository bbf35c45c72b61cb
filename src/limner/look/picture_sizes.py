"""The sizes that a network takes which leaves its height, its width or both open.

Networks that halve a picture again and again take multiples of a number, which is found by trying sizes.
The page has the same rules (web/player/painters/format/sizes.ts).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import TypeAlias

from limner.errors import LimnerError

Size: TypeAlias = tuple[int, int]
"""Height and width, in pixels."""

Takes = Callable[[Size], bool]
"""Whether a network makes a picture of this size from one."""

OTHER_SIDES = (224, 240, 288, 320, 192, 384, 128, 512, 300, 200, 400)
"""Sides that are tried where a network does not take the usual one."""

MAX_MULTIPLE = 64


def size_of(sides: Size, wanted: Size) -> Size:
    """The wanted size, but for the sides that the network fixes: 0 is an open one."""
    return sides[0] or wanted[0], sides[1] or wanted[1]


def find_multiple(sides: Size, taken: Size, takes: Takes) -> int | None:
    """The smallest number of which all sides are multiples that the network takes; None if there is none.

    `taken` is a size that it takes; its open sides are equal. So the number divides such a side, and also
    what it is more than any other one.
    """
    side = taken[0] if sides[0] == 0 else taken[1]
    for multiple in range(1, MAX_MULTIPLE + 1):
        if side % multiple:
            continue
        other = side - multiple if side > multiple else side + multiple
        if takes(size_of(sides, (other, other))):
            return multiple
    return None


def nearest_sizes(sides: Size, wanted: int | Size, multiple: int) -> list[Size]:
    """The sizes below and above the wanted one whose open sides are multiples, the nearest first."""
    if isinstance(wanted, int):
        pairs = [(side, side) for side in _around(wanted, multiple)]
        wanted = (wanted, wanted)
    else:
        pairs = list(product(_around(wanted[0], multiple), _around(wanted[1], multiple)))
    height, width = wanted
    sizes = {size_of(sides, pair) for pair in pairs}
    return sorted(sizes, key=lambda size: (abs(size[0] - height) + abs(size[1] - width), size))


def _around(side: int, multiple: int) -> tuple[int, int]:
    below = side // multiple * multiple
    return max(below, multiple), below if below == side else below + multiple


def parse_pixels(text: str) -> int | Size:
    """Read `--pixels`: one side, such as "320", or width and height, such as "512x384".

    Returns the side, or height and width. Raises LimnerError for anything else.
    """
    found = re.fullmatch(r"([0-9]{1,9})(?:[xX×]([0-9]{1,9}))?", text.strip())
    if found is None:
        raise LimnerError(
            f"--pixels is {text!r}; it is a side, such as 320, or width and height, such as 512x384."
        )
    width, height = (int(side) for side in (found[1], found[2] or found[1]))
    if min(width, height) < 1:
        raise LimnerError(f"--pixels is {text}; it must be 1 or more.")
    return (height, width) if found[2] else width


def write_pixels(size: Size) -> str:
    """A size as people give it to `--pixels`."""
    height, width = size
    return str(width) if width == height else f"{width}x{height}"
