"""Complete networks with random weights, as exporters write them."""

from __future__ import annotations

from functools import partial

import onnx

from onnx_cases.computed_weights import standardised, weight_norm
from onnx_cases.generators import resnet_generator, style_transfer, super_resolution
from onnx_cases.quantized import four_bits, quantised
from onnx_cases.recognition import classifier, detector
from onnx_cases.sampling import grid_samples, resizes
from onnx_cases.torch_export import exported
from onnx_cases.writing import Networks


def from_torch() -> onnx.ModelProto:
    """Written by torch.onnx.export with open sizes: Shape, Gather, Mul, Concat, Reshape, Resize."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.norm = nn.GroupNorm(4, 16)
            self.inner = nn.Conv2d(16, 16, 3, padding=1, groups=4)
            self.mix = nn.Linear(16, 16)
            self.layer = nn.LayerNorm(16)
            self.last = nn.Conv2d(16, 3, 1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            x = functional.gelu(self.norm(self.down(image)))
            n, c, h, w = x.shape
            shuffled = x.view(n, 4, c // 4, h, w).transpose(1, 2).reshape(n, c, h, w)
            x = x + self.inner(shuffled)
            rows = x.flatten(2).transpose(1, 2)
            rows = self.layer(rows + self.mix(rows))
            seen = torch.softmax(rows @ rows.transpose(1, 2) / 4, dim=-1) @ rows
            x = seen.transpose(1, 2).reshape(n, c, h, w)
            size = (2 * h, 2 * w)
            x = functional.interpolate(self.last(x), size=size, mode="bilinear", align_corners=False)
            return torch.sigmoid(x) * image[:, :, : 2 * h, : 2 * w]

    torch.manual_seed(6)
    axes = {0: "batch", 2: "height", 3: "width"}
    return exported(Mixed(), 24, 32, dynamic_axes={"image": axes, "out": axes})


NETWORKS: Networks = {
    "resnet-generator": (resnet_generator, (1, 3, 64, 64)),
    "style-transfer": (style_transfer, (2, 3, 40, 64)),
    "classifier": (classifier, (1, 3, 64, 64)),
    "super-resolution": (super_resolution, (1, 3, 48, 32)),
    "detector": (detector, (1, 3, 240, 320)),
    "resizes": (resizes, (1, 3, 20, 30)),
    "grid-samples-16": (partial(grid_samples, 16), (2, 3, 9, 16)),
    "grid-samples-20": (partial(grid_samples, 20), (2, 3, 9, 16)),
    "quantised": (quantised, (1, 3, 32, 32)),
    "four-bits": (four_bits, (1, 3, 20, 20)),
    "from-torch": (from_torch, (1, 3, 24, 40)),
    "weight-norm": (weight_norm, (1, 3, 32, 48)),
    "standardised": (standardised, (1, 3, 20, 28)),
}
