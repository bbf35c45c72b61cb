"""The network of style transfer: a small feed-forward one that paints in one style, or blends several.

It has the form of Johnson et al. 2016 (*Perceptual Losses for Real-Time Style Transfer*) with half of their
widths and three residual blocks. Several styles share all convolutions: each style has its own scale and
shift after each instance norm (Dumoulin et al. 2017, *A Learned Representation for Artistic Style*), and a
mixture of styles is the weighted mean of these. As in limner's other networks, convolutions are 3x3 and
repeat the border's pixels, and doubling is by nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm

from limner.live import LiveInput
from limner.networks.compact_unet import DoublingConv, EdgeConv, init_compact

WIDTHS = (16, 32, 64)
"""Channels at the full side, at half of it, and at a quarter."""

RESIDUALS = 3
"""Residual blocks at a quarter of the side."""

INNER = 56
"""Channels between the two convolutions of such a block: the file of three styles has less than 0.3 MB."""

MAX_STYLES = 8
"""Most styles of a network: each is a slider."""

EPSILON = 1.0
"""Added to a variance before the division by its root: about the variance of what comes in, so that a dull
picture stays dull. With the usual 1e-5, norms amplify a camera's noise in a dull picture, and in a flat one
the rounding, which differs from runtime to runtime."""

MIN_TOTAL = 1e-3
"""Sum of the weights below which the first style paints: there is no style without a weight."""

FIRST_CONTRAST = 0.25
"""Factor of the last layer's initial weights: the first paintings are neither black nor white."""


class StyleNorm(nn.Module):
    """Instance norm, then the scale and shift of a mixture of styles: (B, C, H, W) to the same."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        # One style has no table to read: its scale and shift are those of the norm itself.
        shape = (channels,) if styles == 1 else (1, channels, 1, 1)
        self.scales = nn.ParameterList(nn.Parameter(torch.ones(shape)) for _ in range(styles))
        self.shifts = nn.ParameterList(nn.Parameter(torch.zeros(shape)) for _ in range(styles))

    def forward(self, image: Tensor, shares: Sequence[Tensor]) -> Tensor:
        """`shares` are those of the styles, each () or (B, 1, 1, 1); their sum is 1."""
        if len(self.scales) == 1:
            return instance_norm(image, weight=self.scales[0], bias=self.shifts[0], eps=EPSILON)
        normalized = instance_norm(image, eps=EPSILON)
        return normalized * _mix(self.scales, shares) + _mix(self.shifts, shares)


class StyleBlock(nn.Module):
    """A convolution and a `StyleNorm`. The convolution has no bias, which the norm would take away."""

    def __init__(self, conv: EdgeConv, styles: int) -> None:
        super().__init__()
        self.conv = conv
        self.norm = StyleNorm(conv.out_channels, styles)

    def forward(self, image: Tensor, shares: Sequence[Tensor]) -> Tensor:
        features: Tensor = self.norm(self.conv(image), shares)
        return features


class StyleResidual(nn.Module):
    """Two blocks beside a shortcut: (B, C, H, W) to the same, with `INNER` channels between them."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.first = StyleBlock(EdgeConv(channels, INNER, bias=False), styles)
        self.second = StyleBlock(EdgeConv(INNER, channels, bias=False), styles)

    def forward(self, image: Tensor, shares: Sequence[Tensor]) -> Tensor:
        features: Tensor = image + self.second(torch.relu(self.first(image, shares)), shares)
        return features


class StyleNetwork(nn.Module):
    """(B, 3, H, W) in -1..1 to (B, 3, H, W) in -1..1; H and W are multiples of 4, from 8.

    `names` are those of the styles.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        if not 1 <= len(names) <= MAX_STYLES:
            raise ValueError(f"{len(names)} styles; a network has 1 to {MAX_STYLES}")
        self.names = tuple(names)
        styles = len(names)
        full, half, quarter = WIDTHS
        self.first = StyleBlock(EdgeConv(3, full, bias=False), styles)
        self.down = nn.ModuleList(
            StyleBlock(EdgeConv(*widths, 2, bias=False), styles)
            for widths in ((full, half), (half, quarter))
        )
        self.middle = nn.ModuleList(StyleResidual(quarter, styles) for _ in range(RESIDUALS))
        self.up = nn.ModuleList(
            StyleBlock(DoublingConv(*widths, bias=False), styles)
            for widths in ((quarter, half), (half, full))
        )
        self.last = EdgeConv(full, 3)

    @property
    def live(self) -> dict[str, LiveInput]:
        """A weight for each style, the first 1 by default; none where there is one style."""
        if len(self.names) == 1:
            return {}
        return {
            f"style{number}": LiveInput(name, 0.0, 1.0, 1.0 if number == 1 else 0.0)
            for number, name in enumerate(self.names, start=1)
        }

    def forward(self, picture: Tensor, *weights: Tensor) -> Tensor:
        """`weights` are those of the styles, 0 or more, each () or (B, 1, 1, 1). Default: the first."""
        shares = self._to_shares(picture, weights)
        features = torch.relu(self.first(picture, shares))
        for down in self.down:
            features = torch.relu(down(features, shares))
        for residual in self.middle:
            features = residual(features, shares)
        for up in self.up:
            features = torch.relu(up(features, shares))
        return torch.tanh(self.last(features))

    def _to_shares(self, picture: Tensor, weights: Sequence[Tensor]) -> Sequence[Tensor]:
        if len(self.names) == 1:
            return ()
        if not weights:
            return [picture.new_tensor(live.default) for live in self.live.values()]
        return to_shares(weights)


def to_shares(weights: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Weights of 0 or more, divided by their sum. Where all are 0, the first style has all."""
    total = weights[0]
    for weight in weights[1:]:
        total = total + weight
    missing = (MIN_TOTAL - total).clamp(min=0)
    divisor = total + missing
    return ((weights[0] + missing) / divisor, *(weight / divisor for weight in weights[1:]))


def _mix(table: nn.ParameterList, shares: Sequence[Tensor]) -> Tensor:
    terms = [entry * share for entry, share in zip(table, shares, strict=True)]
    mixed: Tensor = terms[0]
    for term in terms[1:]:
        mixed = mixed + term
    return mixed


def make_style_network(names: Sequence[str]) -> StyleNetwork:
    """The network with its initial weights, drawn by torch's global generator."""
    network = StyleNetwork(names)
    network.apply(init_compact)
    with torch.no_grad():
        network.last.weight.mul_(FIRST_CONTRAST)
    return network
