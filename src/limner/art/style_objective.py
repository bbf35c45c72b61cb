"""What a stylised picture should be: like the painting in its features' statistics, like the photo in their
places, and calm.

Features are those of SqueezeNet, where the papers have VGG's. All terms are relative, so that their weights
hold for any painting: the distance of a layer is divided by the size of what it is compared with.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from limner.art.gram import GramDistance
from limner.art.sliced_wasserstein import SlicedWasserstein
from limner.art.style_options import StyleLoss
from limner.networks.feature_layers import Layer
from limner.networks.features import SqueezeNet

STYLE_LAYERS: tuple[Layer, ...] = ("fire3", "fire5", "fire7")
"""The layers whose statistics are compared, beside those of the first convolution and of colours."""

COLOUR_SIDE = 4
"""Side in pixels of the means whose colours are compared: SqueezeNet sees edges better than colours."""

CONTENT_LAYER: Layer = "fire4"
"""The layer whose maps are compared place by place."""

STYLE_WEIGHT = 10.0
"""Weight of the style at strength 1, where the content has 1."""

TINY = 1e-12
"""Added to the size of a photo's features."""


class Features(NamedTuple):
    """What is compared of pictures."""

    style: list[Tensor]
    """Maps (B, C, h, w): colours, those of the first convolution, and of `STYLE_LAYERS`."""
    content: Tensor
    """Maps (B, C, h, w) of `CONTENT_LAYER`."""


class Distance(Protocol):
    """How far maps of a layer are from those of a painting."""

    def __call__(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """The distance () of maps (B, C, h, w)."""


class StyleDistance:
    """How far pictures are from a painting's style, a mean over the layers."""

    def __init__(self, network: SqueezeNet, painting: Tensor, loss: StyleLoss, seed: int = 0) -> None:
        """`painting` is RGB in -1..1, (1, 3, H, W)."""
        with torch.no_grad():
            maps = extract(network, painting).style
        self._layers: list[Distance] = [
            GramDistance(image) if loss == "gram" else SlicedWasserstein(image, seed, layer)
            for layer, image in enumerate(maps)
        ]

    def __call__(self, features: Features, generator: torch.Generator) -> Tensor:
        """The distance ()."""
        found = [layer(maps, generator) for layer, maps in zip(self._layers, features.style, strict=True)]
        return torch.stack(found).mean()


def extract(network: SqueezeNet, pictures: Tensor) -> Features:
    """The features of RGB pictures (B, 3, H, W) in -1..1."""
    first, fire3, content, *later = network.with_first(pictures, (*STYLE_LAYERS, CONTENT_LAYER))
    return Features([avg_pool2d(pictures, COLOUR_SIDE), first, fire3, *later], content)


def content_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean square () of the difference of maps (B, C, h, w) from a photo's, relative to the photo's."""
    size = wanted.square().mean((1, 2, 3)) + TINY
    return ((found - wanted).square().mean((1, 2, 3)) / size).mean()


def total_variation(pictures: Tensor) -> Tensor:
    """Mean absolute difference () of neighbouring pixels of pictures (B, C, H, W)."""
    return pictures.diff(dim=2).abs().mean() + pictures.diff(dim=3).abs().mean()
