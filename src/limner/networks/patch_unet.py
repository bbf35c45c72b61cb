"""The network of keyframe painting: a small U-Net that takes pictures of any size.

It follows Texler et al. 2020 (*Interactive Video Stylization Using Few-Shot Patch-Based Training*): trained
on patches, it paints whole frames, so nothing in it depends on a place or a size. It has a third of their
widths and fewer residual blocks: it is to paint live in a browser. Its last layer sees the picture, too, so
that colours which no keyframe has become something near. As in limner's other networks, convolutions repeat
the border's pixels, and doubling is by nearest neighbour and a 3x3 convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.networks.compact_unet import Block, DoublingConv, EdgeConv, init_compact

WIDTHS = (16, 32, 48)
"""Channels at the full side, at half of it, and at a quarter."""

RESIDUALS = 3
"""Residual blocks at a quarter of the side. An output sees some 70 pixels: as much as a patch has."""

SIDE_STEP = 4
"""Sides of pictures are multiples of this."""


class Residual(nn.Module):
    """Two blocks beside a shortcut: (B, C, H, W) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Block(EdgeConv(channels, channels))
        self.second = Block(EdgeConv(channels, channels))

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = image + self.second(self.first(image))
        return features


class PatchUNet(nn.Module):
    """(B, 3, H, W) in -1..1 to (B, 3, H, W) in -1..1; H and W are multiples of `SIDE_STEP`."""

    def __init__(self) -> None:
        super().__init__()
        full, half, quarter = WIDTHS
        self.first = Block(EdgeConv(3, full))
        self.down = nn.ModuleList([Block(EdgeConv(full, half, 2)), Block(EdgeConv(half, quarter, 2))])
        self.middle = nn.ModuleList(Residual(quarter) for _ in range(RESIDUALS))
        self.up = nn.ModuleList([Block(DoublingConv(quarter, half)), Block(DoublingConv(2 * half, full))])
        self.last = EdgeConv(2 * full + 3, 3)

    def forward(self, picture: Tensor) -> Tensor:
        skips = [self.first(picture)]
        for down in self.down:
            skips.append(down(skips[-1]))
        features = skips.pop()
        for residual in self.middle:
            features = residual(features)
        for up in self.up:
            features = torch.cat([up(features), skips.pop()], dim=1)
        return torch.tanh(self.last(torch.cat([features, picture], dim=1)))


def make_patch_unet() -> PatchUNet:
    """The network with its initial weights, drawn by torch's global generator."""
    network = PatchUNet()
    network.apply(init_compact)
    return network
