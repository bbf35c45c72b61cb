"""The power of details by their size: the radial spectrum of paintings against that of real pictures."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from limner.evaluation.batches import map_batches
from limner.evaluation.bootstrap import Interval, bootstrap
from limner.guide import grey
from limner.spectrum import radial_power


@dataclass(frozen=True)
class SpectrumDifference:
    """How the spectra of two sets of pictures differ, in dB."""

    rms: Interval
    """Root mean square of the difference at all frequencies; above 0 even for two sets of real pictures."""
    top_octave: Interval
    """Mean difference in the finest octave, details of 2 to 4 pixels; below 0 for softer paintings."""


def measure_spectrum(paintings: Tensor, real: Tensor, seed: int) -> SpectrumDifference:
    """Compare the spectra of N paintings and N real pictures, both (N, 3, P, P) in 0..1."""
    painted_power, real_power = (map_batches(_power, of) for of in (paintings, real))
    octave = slice(paintings.shape[-1] // 4 - 1, None)

    def difference(weights: Tensor) -> Tensor:
        return 10 * ((weights @ painted_power) / (weights @ real_power)).log10()

    return SpectrumDifference(
        rms=bootstrap(lambda weights: difference(weights).square().mean(1).sqrt(), len(real), seed),
        top_octave=bootstrap(lambda weights: difference(weights)[:, octave].mean(1), len(real), seed),
    )


def _power(pictures: Tensor) -> Tensor:
    return radial_power(grey(pictures).double())
