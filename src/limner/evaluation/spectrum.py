"""The power of details by their size: the radial spectrum of paintings against that of real pictures.

The spectrum is of the grey picture under a Hann window, without which the jump from one border to the
opposite one would look like fine detail.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from limner.evaluation.batches import map_batches
from limner.evaluation.bootstrap import Interval, bootstrap
from limner.guide import grey


@dataclass(frozen=True)
class SpectrumDifference:
    """How the spectra of two sets of pictures differ, in dB."""

    rms: Interval
    """Root mean square of the difference at all frequencies; above 0 even for two sets of real pictures."""
    top_octave: Interval
    """Mean difference in the finest octave, details of 2 to 4 pixels; below 0 for softer paintings."""


def measure_spectrum(paintings: Tensor, real: Tensor, seed: int) -> SpectrumDifference:
    """Compare the spectra of N paintings and N real pictures, both (N, 3, P, P) in 0..1."""
    painted_power, real_power = (map_batches(radial_power, of) for of in (paintings, real))
    octave = slice(paintings.shape[-1] // 4 - 1, None)

    def difference(weights: Tensor) -> Tensor:
        return 10 * ((weights @ painted_power) / (weights @ real_power)).log10()

    return SpectrumDifference(
        rms=bootstrap(lambda weights: difference(weights).square().mean(1).sqrt(), len(real), seed),
        top_octave=bootstrap(lambda weights: difference(weights)[:, octave].mean(1), len(real), seed),
    )


def radial_power(pictures: Tensor) -> Tensor:
    """Mean power (N, P/2 - 1), float64, at 1, 2, ... P/2 - 1 cycles a side, of pictures (N, 3, P, P)."""
    shade = grey(pictures)[:, 0].double()
    side = shade.shape[-1]
    window = torch.hann_window(side, dtype=torch.float64)
    shade = (shade - shade.mean((1, 2), keepdim=True)) * window[:, None] * window
    power = torch.fft.fft2(shade).abs().square().flatten(1)
    cycles = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    radius = torch.hypot(cycles[:, None], cycles).round().long().flatten().clamp(max=side // 2)
    totals = torch.zeros(len(power), side // 2 + 1, dtype=torch.float64).index_add_(1, radius, power)
    # Rounding errors of a flat picture have no power worth a logarithm; 8 bits cannot show so little.
    return (totals / radius.bincount())[:, 1:-1].clamp(min=1e-6)
