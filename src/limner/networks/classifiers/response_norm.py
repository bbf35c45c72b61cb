"""Local response normalization (Krizhevsky et al. 2012), which exports as ONNX's operator LRN.

torch's own exports as several operators, and takes several times as long on CPUs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIZE, ALPHA, K = 5, 1e-4, 2.0
"""The paper's constants; torch and ONNX divide alpha by the size, so theirs is 5 times the paper's."""


class ResponseNorm(nn.Module):
    """(N, C, H, W) to the same shape: each value by (2 + 1e-4 squares of 5 neighbouring channels)^0.75."""

    def forward(self, maps: Tensor) -> Tensor:
        """The normalized maps."""
        if torch.onnx.is_in_onnx_export():
            return torch.onnx.ops.symbolic(
                "LRN",
                (maps,),
                {"size": SIZE, "alpha": SIZE * ALPHA, "beta": 0.75, "bias": K},
                dtype=maps.dtype,
                shape=maps.shape,
                version=13,
            )
        channel = torch.arange(maps.shape[1])
        is_near = (channel[:, None] - channel).abs() <= SIZE // 2
        kernel = ALPHA * is_near.to(maps.dtype)[:, :, None, None]
        root = torch.rsqrt(K + nn.functional.conv2d(maps.square(), kernel))
        return maps * root * root.sqrt()
