"""Shift equivariance: whether a painting moves with the camera, or its texture sticks to the screen."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from limner.evaluation.bootstrap import Interval, bootstrap_mean
from limner.evaluation.paint import Paint

SHIFTS = (1, 2, 4)
"""Pixels that the camera moves."""

MARGIN = max(SHIFTS)
"""Pixels that a picture needs around its middle square, for the camera to move."""

MAX_PSNR = 60.0
"""The PSNR in dB of pictures that are equal: their difference is a quarter of a step of 8 bits."""


class Moved(NamedTuple):
    """What a moved camera does to paintings, in dB."""

    loss: Interval
    """The PSNR of the guides, less that of the paintings: 0 if those move as their guide."""
    psnr: Interval
    """The PSNR of the moved and the still paintings, at most `MAX_PSNR`."""


def measure_equivariance(paint: Paint, guide: Paint, wide: Tensor, seed: int) -> dict[int, Moved]:
    """What happens when the camera moves 1, 2 and 4 pixels.

    Moved and still are compared where they show the same place; a mean of four directions. `wide`
    (N, 3, P + 2 `MARGIN`, P + 2 `MARGIN`) is what the camera could see: it moves by cropping, so new things
    come in at the edge.
    """
    still = crop_middle(wide)
    painted, guided = paint(still), guide(still)
    found = {}
    for shift in SHIFTS:
        errors = torch.zeros(2, len(wide), dtype=torch.float64)
        for down, across in ((0, shift), (0, -shift), (shift, 0), (-shift, 0)):
            moved = crop_middle(wide, down, across)
            errors[0] += compare_moved(guided, guide(moved), down, across) / 4
            errors[1] += compare_moved(painted, paint(moved), down, across) / 4
        psnr = -10 * errors.clamp(min=10 ** (-MAX_PSNR / 10)).log10()
        found[shift] = Moved(bootstrap_mean(psnr[0] - psnr[1], seed), bootstrap_mean(psnr[1], seed))
    return found


def crop_middle(wide: Tensor, down: int = 0, across: int = 0) -> Tensor:
    """The middle (N, C, P, P) of wide pictures, moved by up to `MARGIN` pixels."""
    side = wide.shape[-1] - 2 * MARGIN
    top, left = MARGIN + down, MARGIN + across
    return wide[:, :, top : top + side, left : left + side]


def compare_moved(still: Tensor, moved: Tensor, down: int, across: int) -> Tensor:
    """Mean squared difference (N,), float64, where both show the same place."""
    (here_y, there_y), (here_x, there_x) = _overlap(down), _overlap(across)
    difference = still[:, :, here_y, here_x] - moved[:, :, there_y, there_x]
    return difference.square().mean((1, 2, 3), dtype=torch.float64)


def _overlap(shift: int) -> tuple[slice, slice]:
    """Along one axis: what the still and the moved picture share."""
    ahead, behind = slice(abs(shift), None), slice(0, -abs(shift) or None)
    return (ahead, behind) if shift > 0 else (behind, ahead)
