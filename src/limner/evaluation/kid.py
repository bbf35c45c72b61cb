"""The Kernel Inception Distance (Binkowski et al. 2018), here of patches and with the judge's features.

It is the squared maximum mean discrepancy of two sets of features under the kernel (x y / C + 1)^3.
"""

from __future__ import annotations

from torch import Tensor

from limner.evaluation.bootstrap import Interval, bootstrap


def measure_kid(painted: Tensor, real: Tensor, seed: int) -> Interval:
    """1000 times the KID of patches' features (N, K, C) of N paintings and the N pictures they belong to.

    0 for equal distributions, and then as often below 0 as above. Patches of a picture resemble each other,
    and so does a painting its picture. So only patches of different pictures are compared (the unbiased
    estimate for paired samples of Gretton et al. 2012), and the bootstrap draws whole pictures.
    """
    discrepancy = compare_pictures(painted, real)
    own = discrepancy.diagonal()

    def kid(weights: Tensor) -> Tensor:
        pairs = weights.sum(1) ** 2 - (weights**2).sum(1)
        return 1000 * ((weights @ discrepancy * weights).sum(1) - weights**2 @ own) / pairs

    return bootstrap(kid, len(real), seed)


def compare_pictures(painted: Tensor, real: Tensor) -> Tensor:
    """(N, N): k(x, x') + k(y, y') - k(x, y') - k(x', y) of two pictures, a mean over their patches."""
    cross = _mean_kernel(painted, real)
    return _mean_kernel(painted, painted) + _mean_kernel(real, real) - cross - cross.T


def _mean_kernel(first: Tensor, second: Tensor) -> Tensor:
    count, patches, channels = first.shape
    products = first.flatten(0, 1) @ second.flatten(0, 1).T / channels
    return (products + 1).pow(3).reshape(count, patches, count, patches).mean((1, 3))
