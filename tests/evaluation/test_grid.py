"""The grid tells pictures from those with a checkerboard, with blocks, and with the guide's cells."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from helpers.drawn import COUNT, PIXELS, drawn
from limner.evaluation.grid import measure_grid, pattern_frequencies


def blocks(side: int) -> Tensor:
    """Blocks of random brightness, other ones in each picture."""
    count = PIXELS // side
    levels = 0.1 * torch.randn(COUNT, 1, count, count, generator=torch.Generator().manual_seed(0))
    return levels.repeat_interleave(side, 2).repeat_interleave(side, 3)


def test_pictures_of_the_same_kind_have_no_grid() -> None:
    for signals in measure_grid(drawn(2), drawn(1), seed=0).values():
        for ratio in signals.values():
            assert abs(ratio.ratio.value - 1) <= ratio.halves
            assert ratio.halves < 0.5


def test_a_checkerboard_is_seen_as_lines_of_two_pixels_and_nowhere_else() -> None:
    real, place = drawn(1), torch.arange(PIXELS)
    checked = real + 0.02 * (-1.0) ** (place[:, None] + place)
    grid = measure_grid(checked, real, seed=0)
    assert grid.pop("2 px")["lines"].ratio.low > 2
    assert all(signals["lines"].ratio.high < 1.2 for signals in grid.values())


def test_blocks_are_seen_by_their_edges() -> None:
    real = drawn(1)
    grid = measure_grid((real + blocks(8)).clamp(0, 1), real, seed=0)
    assert grid["8 px"]["edges"].ratio.low > 1 + grid["8 px"]["edges"].halves
    assert grid["8 px"]["edges"].ratio.low > grid["16 px"]["edges"].ratio.high


def test_the_guides_cells_are_seen() -> None:
    real = drawn(1)
    wave = 0.03 * torch.sin(2 * math.pi * 11 * torch.arange(PIXELS) / PIXELS)
    cell = measure_grid((real + wave).clamp(0, 1), real, seed=0)["11 cells"]
    assert cell["lines"].ratio.low > 1 + cell["lines"].halves


def test_the_patterns_of_a_size() -> None:
    assert pattern_frequencies(64) == {"11 cells": 11, "2 px": 32, "4 px": 16, "8 px": 8, "16 px": 4}
    assert pattern_frequencies(256)["32 px"] == 8
