"""Regions above levels of a grid of heights, as closed outlines.

"Marching squares": marching cubes (Lorensen and Cline 1987) in two dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Outline = list[tuple[float, float]]
"""Columns and rows of the grid, in fractions; the last point joins the first."""

Edge = tuple[int, int, bool]
"""Of a grid: row and column of its first node, and whether it goes down (else to the right)."""


def trace_regions(heights: NDArray[np.float64], level: float) -> Iterator[Outline]:
    """The outlines of where the heights, (rows, columns), are at least `level`.

    Holes have outlines of their own, in the other direction, so either fill rule fills the region. What
    lies beyond the grid counts as low, so that outlines that reach its border go along it.
    """
    rows, columns = heights.shape
    padded = np.full((rows + 2, columns + 2), -np.inf)
    padded[1:-1, 1:-1] = heights
    following = dict(_find_segments(padded, level))
    while following:
        first = next(iter(following))
        outline, edge = [], first
        while edge in following:
            x, y = _cross(padded, level, edge)
            outline.append((x - 1, y - 1))
            edge = following.pop(edge)
        yield outline


def _find_segments(heights: NDArray[np.float64], level: float) -> Iterator[tuple[Edge, Edge]]:
    """The two sides of a cell that each piece of an outline joins, with the region on one hand."""
    is_high = heights >= level
    corners = is_high[:-1, :-1].astype(int) + is_high[:-1, 1:] + is_high[1:, 1:] + is_high[1:, :-1]
    for row, column in np.argwhere((corners > 0) & (corners < 4)).tolist():
        # Clockwise, each with the corner that it goes from.
        sides: list[Edge] = [
            (row, column, False),
            (row, column + 1, True),
            (row + 1, column, False),
            (row, column, True),
        ]
        around = [
            is_high[row, column],
            is_high[row, column + 1],
            is_high[row + 1, column + 1],
            is_high[row + 1, column],
        ]
        leaving = [i for i in range(4) if around[i] and not around[(i + 1) % 4]]
        entering = [i for i in range(4) if not around[i] and around[(i + 1) % 4]]
        if len(leaving) == 2:
            # Two high corners face each other: they are one region if the middle is high, too.
            middle = heights[row : row + 2, column : column + 2].mean()
            turn = 1 if middle >= level else 3
            yield from ((sides[i], sides[(i + turn) % 4]) for i in leaving)
        else:
            yield sides[leaving[0]], sides[entering[0]]


def _cross(heights: NDArray[np.float64], level: float, edge: Edge) -> tuple[float, float]:
    """Column and row of where the height crosses the level on an edge."""
    row, column, goes_down = edge
    first = float(heights[row, column])
    last = float(heights[row + 1, column] if goes_down else heights[row, column + 1])
    if first == -np.inf or last == -np.inf:
        part = 1.0 if first == -np.inf else 0.0  # the border of the grid
    else:
        part = (level - first) / (last - first)
    return (column, row + part) if goes_down else (column + part, row)
