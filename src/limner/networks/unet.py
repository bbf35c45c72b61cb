"""The pix2pix U-Net (Isola et al. 2016) with the filters of Murr 2020, table 1.

Every encoder level halves the image with a 4x4 stride-2 convolution. Every decoder level doubles it and
also gets the features of the matching encoder level through a skip connection. Skips are taken after the
activation, as in the TensorFlow implementation that both works trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limner.recipe import Size, Upsampling


@dataclass(frozen=True)
class UNetConfig:
    """Filters of a U-Net: `base * 2^level`, at most `cap`. `levels` is the number at 256 pixels."""

    base: int
    cap: int
    levels: int


CONFIGS: dict[Size, UNetConfig] = {
    "small": UNetConfig(4, 512, 8),
    "medium": UNetConfig(8, 512, 8),
    "large": UNetConfig(64, 512, 8),
}


def filters(size: Size, pixels: int) -> list[int]:
    """Filters of the encoder's levels, outermost first; each power of two adds or drops a level."""
    config = CONFIGS[size]
    levels = config.levels + round(math.log2(pixels / 256))
    return [min(config.base * 2**level, config.cap) for level in range(levels)]


class Down(nn.Module):
    """(B, in, H, W) to (B, out, H/2, W/2)."""

    def __init__(self, channels_in: int, channels_out: int, *, norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 4, 2, 1, bias=False)
        self.norm = batch_norm(channels_out) if norm else nn.Identity()
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.activation(self.norm(self.conv(image)))
        return features


class NearestConv(nn.Module):
    """Nearest-neighbour doubling, then a 3x3 convolution: (B, in, H, W) to (B, out, 2H, 2W)."""

    def __init__(self, channels_in: int, channels_out: int, *, bias: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, 1, 1, bias=bias)

    def forward(self, image: Tensor) -> Tensor:
        grown = nn.functional.interpolate(image, scale_factor=2.0, mode="nearest")
        features: Tensor = self.conv(grown)
        return features


def upsampling_layer(
    channels_in: int, channels_out: int, upsampling: Upsampling, *, bias: bool
) -> nn.Module:
    """The layer that doubles an image's side."""
    if upsampling == "nearest":
        return NearestConv(channels_in, channels_out, bias=bias)
    return nn.ConvTranspose2d(channels_in, channels_out, 4, 2, 1, bias=bias)


class Up(nn.Module):
    """(B, in, H, W) to (B, out, 2H, 2W)."""

    def __init__(self, channels_in: int, channels_out: int, upsampling: Upsampling, dropout: float) -> None:
        super().__init__()
        self.conv = upsampling_layer(channels_in, channels_out, upsampling, bias=False)
        self.norm = batch_norm(channels_out)
        self.dropout = nn.Dropout(dropout) if dropout else nn.Identity()
        self.activation = nn.ReLU()

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.activation(self.dropout(self.norm(self.conv(image))))
        return features


class UNet(nn.Module):
    """The generator: (B, channels_in, P, P) in -1..1 to (B, 3, P, P) in -1..1, P = 2^k."""

    def __init__(
        self,
        widths: list[int],
        channels_in: int = 1,
        upsampling: Upsampling = "transposed",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        sources = [channels_in, *widths[:-1]]
        self.down = nn.ModuleList(
            Down(source, width, norm=level > 0)
            for level, (source, width) in enumerate(zip(sources, widths, strict=True))
        )
        mirrored = widths[-2::-1]  # innermost first
        inner = [widths[-1], *(2 * width for width in mirrored)]  # after each concatenation
        self.up = nn.ModuleList(
            Up(source, width, upsampling, dropout if level < 3 else 0.0)
            for level, (source, width) in enumerate(zip(inner, mirrored, strict=False))
        )
        self.last = upsampling_layer(inner[-1], 3, upsampling, bias=True)

    def forward(self, guide: Tensor) -> Tensor:
        skips = []
        features = guide
        for down in self.down:
            features = down(features)
            skips.append(features)
        for up, skip in zip(self.up, skips[-2::-1], strict=True):
            features = torch.cat([up(features), skip], dim=1)
        return torch.tanh(self.last(features))


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with Keras' epsilon: torch's 1e-5 divides by almost 0 at a one-pixel innermost level."""
    return nn.BatchNorm2d(channels, eps=1e-3)


def init_weights(module: nn.Module) -> None:
    """Isola et al. 2016, section 6.2: weights from N(0, 0.02); batch norm's scale from N(1, 0.02)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def replace_layers(network: nn.Module, make: Callable[[nn.Module], nn.Module]) -> None:
    """Replace each module, in place, by the result of `make` (the module itself to keep it)."""
    for name, child in list(network.named_children()):
        replacement = make(child)
        if replacement is child:
            replace_layers(child, make)
        else:
            setattr(network, name, replacement)
