"""The generators `full` and `lean`: small U-Nets for pictures without frames, grids and bands.

They differ from pix2pix's U-Net in five ways:

- For the soft guide the encoder begins at its 32 x 32 cells; above there are only the layers that paint.
  Other guides have an encoder from the full side, whose skips end at half of it.
- Every convolution is 3x3 and repeats the border's pixels. Zeros beyond the border are what a network sees
  nowhere else in a picture, and paints as a frame.
- Doubling is by nearest neighbour and a 3x3 convolution, which leaves no checkerboard.
- The last layer works at the full side. A layer that doubles the side and makes colours at once paints each
  feature by four fixed filters, which is seen as a grid of two pixels.
- A fixed noise is added at 32 pixels. Where the guide is flat, a convolution without it can only paint what
  is flat too: bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, interpolate, pad

from limner.networks.unet import batch_norm
from limner.recipe import CELLS, GuideName, Size

START = CELLS
"""Side in pixels at which the encoder begins for the soft guide, and at which layers are widest."""

SIDES = 4
"""How many sides the inner U-Net has: 32, 16, 8 and 4 pixels."""

GRAIN = 0.15
"""Standard deviation of the noise, on the scale of the guide's -1..1. It is not learned: losses that
compare with pictures ask for less and less of it, until flat places are bands again."""


@dataclass(frozen=True)
class CompactConfig:
    """Channels of a `CompactUNet`."""

    inner: int
    """At `START` pixels and below."""
    outer: tuple[int, ...]
    """After each doubling above `START`: at 64, 128, 256 and 512 pixels."""


CONFIGS: dict[Size, CompactConfig] = {
    "full": CompactConfig(96, (64, 32, 16, 16)),
    "lean": CompactConfig(48, (32, 16, 8, 8)),
}


class EdgeConv(nn.Conv2d):
    """A 3x3 convolution that repeats the border's pixels: (B, in, H, W) to (B, out, H/stride, W/stride)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, *, bias: bool = True) -> None:
        super().__init__(channels_in, channels_out, 3, stride, 1, padding_mode="replicate", bias=bias)


class DoublingConv(EdgeConv):
    """Nearest-neighbour doubling, then an `EdgeConv`: (B, in, H, W) to (B, out, 2H, 2W).

    Both together are one 4x4 transposed convolution of stride 2 with the kernel M w M^T, borders included:
    the doubled image repeats its border where the small image does. It is computed in that form, at 4/9 of
    the multiply-adds; the weights stay 3x3.
    """

    def forward(self, input: Tensor) -> Tensor:
        edged = pad(input, (1, 1, 1, 1), mode="replicate")
        return conv_transpose2d(edged, self.transposed_kernel(), self.bias, stride=2, padding=3)

    def transposed_kernel(self) -> Tensor:
        """(in, out, 4, 4): the kernel of the equal transposed convolution."""
        # A row marks which of the three taps reach this offset of the doubled image. It reverses their
        # order, because a transposed convolution scatters.
        spread = self.weight.new_tensor([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        return torch.einsum("ai,ocij,bj->coab", spread, self.weight, spread)

    def to_nearest(self) -> NearestEdgeConv:
        """The same layer as it is defined: for files, whose readers know no better."""
        has_bias = self.bias is not None
        conv = NearestEdgeConv(self.in_channels, self.out_channels, bias=has_bias).to(self.weight)
        conv.load_state_dict(self.state_dict())
        return conv


class NearestEdgeConv(EdgeConv):
    """Nearest-neighbour doubling, then an `EdgeConv`, computed as it is defined."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(interpolate(input, scale_factor=2.0, mode="nearest"))


class Block(nn.Module):
    """A convolution, batch norm and leaky ReLU."""

    def __init__(self, conv: EdgeConv) -> None:
        super().__init__()
        self.conv = conv
        self.norm = batch_norm(conv.out_channels)
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.activation(self.norm(self.conv(image)))
        return features


class Grain(nn.Module):
    """Adds a fixed noise to (B, C, 32, 32), the same to all channels.

    In training each batch gets the noise from another place, so that no place of a painting is special.
    """

    def __init__(self) -> None:
        super().__init__()
        # Drawn by a generator of its own: the noise is a constant of the architecture, not a weight.
        noise = torch.randn(1, 1, START, START, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", GRAIN * noise, persistent=False)
        self.noise: Tensor

    def forward(self, image: Tensor) -> Tensor:
        noise = self.noise
        if self.training:
            noise = noise.roll(torch.randint(START, (2,)).tolist(), (2, 3))
        return image + noise


class CompactUNet(nn.Module):
    """The generator: a guide (B, C, S, S) in -1..1 to a painting (B, 3, P, P) in -1..1.

    S is `START` for the soft guide, and P for others.
    """

    def __init__(self, config: CompactConfig, pixels: int, guide: GuideName, channels_in: int) -> None:
        super().__init__()
        inner, outer = config.inner, config.outer[: round(math.log2(pixels / START))]
        self.is_soft = guide == "soft"
        self.entry = nn.ModuleList()
        """The encoder above `START` pixels; a soft guide has none."""
        channels = channels_in
        skips: list[int] = []
        if not self.is_soft:
            # Half as wide as the decoder's: reading the guide is easier than painting.
            for width in (width // 2 for width in outer[-2::-1]):
                self.entry.append(Block(EdgeConv(channels, width, 2)))
                channels = width
                skips.append(width)
            self.entry.append(Block(EdgeConv(channels, inner, 2)))
            channels = inner
        self.grain = Grain()
        self.stem = Block(EdgeConv(channels, inner))
        self.down = nn.ModuleList(Block(EdgeConv(inner, inner, 2)) for _ in range(SIDES - 1))
        self.up = nn.ModuleList(
            Block(DoublingConv(inner if level == 0 else 2 * inner, inner)) for level in range(SIDES - 1)
        )
        self.join = Block(EdgeConv(2 * inner, inner))
        self.outer = nn.ModuleList()
        channels = inner
        for width in outer:
            self.outer.append(Block(DoublingConv(channels, width)))
            channels = width + (skips.pop() if skips else 0)
        self.last = EdgeConv(channels, 3)

    def forward(self, guide: Tensor) -> Tensor:
        features, outer_skips = self._enter(guide)
        features = self.stem(self.grain(features))
        skips = [features]
        for down in self.down:
            features = down(features)
            skips.append(features)
        features = skips.pop()
        for up in self.up:
            features = torch.cat([up(features), skips.pop()], dim=1)
        features = self.join(features)
        for level in self.outer:
            features = level(features)
            if outer_skips:
                features = torch.cat([features, outer_skips.pop()], dim=1)
        return torch.tanh(self.last(features))

    def _enter(self, guide: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The features at `START` pixels, and the skips above, innermost last."""
        if self.is_soft:
            return guide, []
        skips = []
        features = guide
        for block in self.entry:
            features = block(features)
            skips.append(features)
        return features, skips[:-1]


def init_compact(module: nn.Module) -> None:
    """He's normal distribution for leaky ReLU (He et al. 2015), in which signals keep their size."""
    if isinstance(module, EdgeConv):
        nn.init.kaiming_normal_(module.weight, 0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
