"""A convolution, its batch norm and ReLU: what most classifiers since 2015 are built of."""

from __future__ import annotations

from torch import nn


def norm_conv(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """The three as one module; padding keeps the size, which `stride` divides."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )
