"""The grid: patterns that repeat at the guide's cell or at an upsampling layer's block, against real ones.

Two signals show them. *Lines* are a repeated light and dark, such as a checkerboard: power of grey along
rows and columns. *Edges* are blocks whose brightness differs from picture to picture and whose sides always
lie at the same places: power of the absolute difference of neighbours (Wang, Bovik and Evans 2000). Each is
measured at one frequency, divided by its neighbours in the spectrum, so that sharp and soft pictures count
alike.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from limner.evaluation.batches import map_batches
from limner.evaluation.relative import Relative, compare_to_real
from limner.guide import grey

BLOCKS = (2, 4, 8, 16, 32)
"""Pixels of the blocks that upsampling layers can leave."""

MIN_CYCLES = 4
"""A pattern with fewer repetitions a side cannot be told from the pictures' own composition."""

NEIGHBOURS = (-3, -2, 2, 3)
"""Cycles from a pattern's frequency to those that it is compared with; the window smears it over 1."""


AKTEN_CELLS = 11
"""Cells along a side of the guide of Akten and of earlier looks, whose grid networks learned to paint."""

STEP = 1 / 255
"""The step of 8 bits."""


def measure_grid(paintings: Tensor, real: Tensor, seed: int) -> dict[str, dict[str, Relative]]:
    """For each pattern its lines and edges, relative to real pictures; both (N, 3, P, P) in 0..1.

    1 is as in real pictures, 2 is a pattern with twice their power.
    """
    frequencies = pattern_frequencies(paintings.shape[-1])
    painted, pictured = (map_batches(measure_power, of) for of in (paintings, real))
    ratios = {}
    for name, peak in frequencies.items():
        bins = [peak, *_free_neighbours(peak, frequencies.values(), paintings.shape[-1] // 2)]
        ratios[name] = {
            signal: compare_to_real(
                _peak_to_neighbours, painted[:, nth, bins], pictured[:, nth, bins], seed
            )
            for nth, signal in enumerate(("lines", "edges"))
        }
    return ratios


def pattern_frequencies(pixels: int) -> dict[str, int]:
    """The patterns' names and their cycles a side, for pictures of `pixels` x `pixels`."""
    blocks = {f"{block} px": pixels // block for block in BLOCKS if pixels // block >= MIN_CYCLES}
    return {f"{AKTEN_CELLS} cells": AKTEN_CELLS, **blocks}


def measure_power(pictures: Tensor) -> Tensor:
    """Power (N, 2, P/2 + 1), float64, of lines and of edges at 0, 1, ... P/2 cycles a side."""
    shade = grey(pictures)[:, 0].double()
    lines, edges = [], []
    for image in (shade, shade.mT):
        lines.append(_power(image).mean(1))
        steps = image.diff(dim=2, append=image[:, :, -1:]).abs()
        # Of a mean step of 1, or pictures of much contrast would count most.
        edges.append(_power(steps).mean(1) / (steps.mean((1, 2))[:, None] + STEP) ** 2)
    return torch.stack([lines[0] + lines[1], edges[0] + edges[1]], 1)


def _power(signals: Tensor) -> Tensor:
    """Power of real signals (..., P) at 0..P/2 cycles, with that of rounding them to 8 bits.

    What is fainter than the rounding is not seen on a screen, and need not be compared.
    """
    window = torch.hann_window(signals.shape[-1], dtype=torch.float64)
    spectrum = torch.fft.rfft((signals - signals.mean(-1, keepdim=True)) * window)
    power: Tensor = spectrum.abs().square() + STEP**2 / 12 * window.square().sum()
    return power


def _free_neighbours(peak: int, taken: Collection[int], highest: int) -> list[int]:
    """The frequencies beside a pattern's that no other pattern has."""
    beside = (peak + step for step in NEIGHBOURS)
    return [cycles for cycles in beside if 0 < cycles <= highest and cycles not in taken]


def _peak_to_neighbours(power: Tensor) -> Tensor:
    """Of power (R, 1 + neighbours): a pattern's, divided by the geometric mean of that beside it."""
    return power[:, 0] / power[:, 1:].log().mean(1).exp()
