"""MobileNet (Howard et al. 2017) for 32 pixels: its 13 depthwise-separable blocks and their widths.

As in other implementations for CIFAR-10, the first convolution has stride 1 where the paper's has 2. The
width multiplier is the paper's: 1, a half, a quarter.

- mobilenet: 3,216,650 parameters, 42,030,208 multiply-adds for 28x28x1;
  3,217,226 parameters, 46,354,432 multiply-adds for 32x32x3
- mobilenet-half: 823,434 parameters, 10,865,216 multiply-adds for 28x28x1;
  823,722 parameters, 12,167,168 multiply-adds for 32x32x3
- mobilenet-quarter: 215,498 parameters, 2,895,136 multiply-adds for 28x28x1;
  215,642 parameters, 3,331,072 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn

from limner.networks.classifiers.norm_conv import norm_conv

STEM = 32
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)
"""Channels and stride of each block: the paper's table 1."""


class MobileNet(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax; widths divided by `part`."""

    def __init__(self, channels: int, part: int) -> None:
        super().__init__()
        layers = [norm_conv(channels, STEM // part, 3)]
        width = STEM // part
        for wide, stride in BLOCKS:
            layers.append(norm_conv(width, width, 3, stride, groups=width))
            layers.append(norm_conv(width, wide // part, 1))
            width = wide // part
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(width, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        scores: Tensor = self.output(self.layers(pictures).mean((2, 3)))
        return scores
