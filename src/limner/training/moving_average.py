"""The moving average of the generator's weights: what is evaluated, saved as the painter and exported.

Each step pulls the weights towards its four pictures; their mean over many steps paints better than any of
them (Yazici et al. 2019, *The unusual effectiveness of averaging in GAN training*).
"""

from __future__ import annotations

import torch
from torch import nn

WARM_UP = 10
"""Steps by which the average lags at first: it must forget the initial weights quickly."""


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move `average` towards `network` in step `step`, from 0; the decay rises to `decay` over the steps.

    Only parameters are averaged. Batch-norm statistics are recomputed for the averaged weights.
    """
    rate = 1 - min(decay, (step + 1) / (step + WARM_UP))
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), rate)
