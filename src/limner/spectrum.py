"""The radial spectrum of grey pictures: how strong details of each size are, in any direction.

It is of pictures under a Hann window, without which the jump from one border to the opposite one
would look like fine detail.
"""

from __future__ import annotations

import torch
from torch import Tensor

FAINT = 1e-6
"""Power of what 8 bits cannot show. Rounding errors of a flat picture have no power worth a logarithm."""


def radial_power(pictures: Tensor) -> Tensor:
    """Mean power (N, P/2 - 1) at 1, 2, ... P/2 - 1 cycles a side, of grey pictures (N, 1, P, P)."""
    side = pictures.shape[-1]
    window = torch.hann_window(side).to(pictures)
    centred = (pictures - pictures.mean((2, 3), keepdim=True)) * window[:, None] * window
    power = torch.fft.fft2(centred).abs().square().flatten(1)
    cycles = torch.fft.fftfreq(side, 1 / side).to(pictures)
    radius = torch.hypot(cycles[:, None], cycles).round().long().flatten().clamp(max=side // 2)
    totals = power.new_zeros(len(power), side // 2 + 1).index_add(1, radius, power)
    means: Tensor = totals / radius.bincount()
    return means[:, 1:-1].clamp(min=FAINT)
