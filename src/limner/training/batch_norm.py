"""Recalibration of batch-norm statistics: recompute them for the current weights.

Training normalises each batch by its own mean and variance; a look uses constants. torch keeps running
means for these, but they mix in the statistics of earlier weights and, with batches of 4, much noise. (One
comparison, 2026-11, on flowers at 128 pixels after a minute of training: paintings differed from held-out
photos by 0.309 with running means and by 0.283 with recalibrated statistics.) The statistics are therefore
recomputed wherever the generator is evaluated or saved, over fixed pictures and without dropout, so they
depend on the weights alone.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MAX_BATCHES = 16
"""Most batches over which the statistics are computed."""


@torch.no_grad()
def recalibrate_batch_norm(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Replace the running statistics by the mean statistics over `batches`.

    Dropout is off meanwhile, as it is in a look, and no random number is drawn. The network is left in
    training mode.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # None makes torch compute the plain mean over batches
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.train()
