"""Work on many pictures, a few at a time: what is measured is small, but not what lies between."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

BATCH = 8


def map_batches(function: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """`function` (N, ...) of pictures (N, C, H, W), computed for `BATCH` of them at a time."""
    return torch.cat([function(batch) for batch in torch.split(pictures, BATCH)])
