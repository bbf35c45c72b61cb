"""Camera sensitivity: how far paintings of different pictures differ, against their guides."""

from __future__ import annotations

from torch import Tensor

from limner.evaluation.bootstrap import Interval, bootstrap


def measure_sensitivity(paintings: Tensor, guides: Tensor, seed: int) -> Interval:
    """RMS between the paintings of any two pictures, divided by the RMS between their guides.

    Paintings (N, 3, P, P) and guides (N, 1 or 3, P, P) in 0..1. 0 for a network that ignores its camera.
    """
    painted, guided = mean_squared_differences(paintings), mean_squared_differences(guides)

    def sensitivity(weights: Tensor) -> Tensor:
        changed, shown = ((weights @ between * weights).sum(1) for between in (painted, guided))
        return (changed / shown).sqrt()

    return bootstrap(sensitivity, len(paintings), seed)


def mean_squared_differences(images: Tensor) -> Tensor:
    """(N, N), float64: the mean squared difference of any two of N images (N, C, H, W)."""
    values = images.flatten(1) - images.flatten(1).mean(0)  # or the difference below would lose digits
    products = (values @ values.T).double() / values.shape[1]
    squares = products.diagonal()
    return (squares[:, None] + squares - 2 * products).clamp(min=0)
