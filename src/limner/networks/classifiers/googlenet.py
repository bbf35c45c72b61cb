"""GoogLeNet (Szegedy et al. 2014) for 32 pixels: the paper's nine inception modules and their widths.

As in other implementations for CIFAR-10 one 3x3 convolution stands for the stem, batch norm follows every
convolution, and the auxiliary classifiers are left out. The narrow form, which is ours, is for a processor:
a quarter of every width, and a max-pool after the stem, so that modules work on 16, 8 and 4 pixels.

- googlenet: 5,868,458 parameters, 1,105,337,344 multiply-adds for 28x28x1;
  5,871,914 parameters, 1,447,241,728 multiply-adds for 32x32x3
- googlenet-narrow: 371,714 parameters, 18,173,296 multiply-adds for 28x28x1;
  372,578 parameters, 23,859,712 multiply-adds for 32x32x3
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.networks.classifiers.norm_conv import norm_conv

STEM = 192
STAGES = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
"""Widths of the modules 3a to 5b (the paper's table 1): 1x1; 3x3, reduced and full; 5x5, likewise; pool."""


class Inception(nn.Module):
    """(N, C, H, W) to (N, D, H, W): convolutions of three sizes and a pool, side by side."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        one, reduced3, three, reduced5, five, pooled = widths
        self.branch1 = norm_conv(channels, one, 1)
        self.branch3 = nn.Sequential(norm_conv(channels, reduced3, 1), norm_conv(reduced3, three, 3))
        self.branch5 = nn.Sequential(norm_conv(channels, reduced5, 1), norm_conv(reduced5, five, 5))
        self.branch_pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), norm_conv(channels, pooled, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """The maps of all branches."""
        branches = (self.branch1, self.branch3, self.branch5, self.branch_pool)
        return torch.cat([branch(maps) for branch in branches], dim=1)


class GoogLeNet(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax; all widths divided by `part`."""

    def __init__(self, channels: int, *, part: int = 1, pool_first: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [norm_conv(channels, STEM // part, 3)]
        width = STEM // part
        for number, stage in enumerate(STAGES):
            if number > 0 or pool_first:
                layers.append(nn.MaxPool2d(3, 2, padding=1))
            for widths in stage:
                narrow = tuple(each // part for each in widths)
                layers.append(Inception(width, narrow))
                width = narrow[0] + narrow[2] + narrow[4] + narrow[5]
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.4)
        self.output = nn.Linear(width, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        features = self.layers(pictures).mean((2, 3))
        scores: Tensor = self.output(self.dropout(features))
        return scores
