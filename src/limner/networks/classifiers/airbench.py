"""A network of ours that learns CIFAR-10 fast, after airbench94 (Jordan 2024, arXiv:2404.00498).

Its layers are airbench94's: 2x2 patches whitened by frozen filters, then three groups of two 3x3
convolutions, GELU, a max-pool after the first of each group, and one linear layer whose scores are divided
by 9. Batch norm has a learned shift and no scale. Convolutions begin as the identity, as far as their
channels allow. The half and quarter forms have half and a quarter of each group's width. The training
recipe is not airbench94's: `limner lab` trains it as any other.

- airbench: 1,963,304 parameters, 82,310,944 multiply-adds for 28x28x1;
  1,972,792 parameters, 118,147,360 multiply-adds for 32x32x3
- airbench-half: 493,224 parameters, 21,435,680 multiply-adds for 28x28x1;
  498,104 parameters, 33,066,272 multiply-adds for 32x32x3
- airbench-quarter: 124,520 parameters, 5,796,640 multiply-adds for 28x28x1;
  127,096 parameters, 10,135,072 multiply-adds for 32x32x3
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FILTERS = 24
"""Of the whitening layer: each of 12 eigenvectors and its negative, where pictures have three channels."""

WIDTHS = (64, 256, 256)
NORM_MOMENTUM = 0.4
"""Of batch norm; airbench94's 0.6 is the part of the old value."""


class ShiftNorm(nn.BatchNorm2d):
    """Batch norm with a learned shift, and a scale that stays 1."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-12, momentum=NORM_MOMENTUM)
        self.weight.requires_grad_(False)


def _conv(channels_in: int, channels_out: int) -> nn.Conv2d:
    """A 3x3 convolution that begins as the identity on its first channels."""
    conv = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight.data[:channels_in])
    return conv


def _group(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        _conv(channels_in, channels_out),
        nn.MaxPool2d(2),
        ShiftNorm(channels_out),
        nn.GELU(),
        _conv(channels_out, channels_out),
        ShiftNorm(channels_out),
        nn.GELU(),
    ]


class Airbench(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax; widths divided by `part`."""

    def __init__(self, channels: int, part: int) -> None:
        super().__init__()
        filters = min(FILTERS, 8 * channels)
        self.whitening = nn.Conv2d(channels, filters, 2)
        self.whitening.weight.requires_grad_(False)
        layers: list[nn.Module] = [nn.GELU()]
        width = filters
        for wide in WIDTHS:
            layers += _group(width, wide // part)
            width = wide // part
        self.layers = nn.Sequential(*layers, nn.MaxPool2d(3))
        self.output = nn.Linear(width, 10, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        features = self.layers(self.whitening(pictures)).flatten(1)
        scores: Tensor = self.output(features) / 9
        return scores

    def adapt(self, pictures: Tensor) -> None:
        """Set the frozen filters to the eigenvectors of 2x2 patches of training pictures (N, C, P, P)."""
        patches = (
            pictures.unfold(2, 2, 1).unfold(3, 2, 1).transpose(1, 3).reshape(-1, pictures.shape[1] * 4)
        )
        covariance = patches.double().T @ patches.double() / len(patches)
        values, vectors = torch.linalg.eigh(covariance)
        scaled = (vectors / torch.sqrt(values.clamp_min(0) + 5e-4)).T.flip(0)
        # An eigenvector's sign is arbitrary, and another library may choose the other one.
        scaled = scaled * torch.where(scaled.sum(1, keepdim=True) < 0, -1.0, 1.0)
        kernels = scaled.float().reshape(-1, pictures.shape[1], 2, 2)
        with torch.no_grad():
            self.whitening.weight.copy_(torch.cat((kernels, -kernels)))
            if self.whitening.bias is not None:
                self.whitening.bias.zero_()
