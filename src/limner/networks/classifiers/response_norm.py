"""Local response normalization (Krizhevsky et al. 2012), which exports as ONNX's operator LRN.

torch's own is written in several operators, and its export as well.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIZE, ALPHA, BETA, K = 5, 1e-4, 0.75, 2.0
"""The paper's constants; torch and ONNX divide alpha by the size, so theirs is 5 times the paper's."""


class ResponseNorm(nn.Module):
    """(N, C, H, W) to the same shape: each value divided by a power of the squares of its neighbours."""

    def forward(self, maps: Tensor) -> Tensor:
        """The normalized maps."""
        if not torch.onnx.is_in_onnx_export():
            return nn.functional.local_response_norm(maps, SIZE, SIZE * ALPHA, BETA, K)
        return torch.onnx.ops.symbolic(
            "LRN",
            (maps,),
            {"size": SIZE, "alpha": SIZE * ALPHA, "beta": BETA, "bias": K},
            dtype=maps.dtype,
            shape=maps.shape,
            version=13,
        )
