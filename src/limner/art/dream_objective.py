"""What a dream makes more of: a network's activations, or what a guide picture has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from limner.art.dream_network import CLASS_LAYER, Classes
from limner.errors import LimnerError
from limner.networks.feature_layers import Layer
from limner.networks.features import FIRES, SqueezeNet


class Objective(Protocol):
    """A number of a picture that gradient ascent raises."""

    layer: Layer
    """The layer whose activations it is made of."""

    def __call__(self, picture: Tensor) -> Tensor:
        """The number, shape (), of RGB pictures (1, 3, H, W) in 0..1."""


class Activation:
    """The mean square of a layer's activations: of all channels, or of some."""

    def __init__(self, network: SqueezeNet, layer: Layer, channels: Sequence[int] = ()) -> None:
        """Raises LimnerError for a channel that the layer does not have."""
        self.layer: Layer = layer
        self._features = LayerFeatures(network, layer)
        count = self._features.channels
        for channel in channels:
            if not 0 <= channel < count:
                raise LimnerError(f"{layer} has no channel {channel}: choose 0 to {count - 1}.")
        self._channels = list(channels)

    def __call__(self, picture: Tensor) -> Tensor:
        """The mean square, shape ()."""
        maps = self._features(picture)
        return (maps[:, self._channels] if self._channels else maps).square().mean()


class ClassScore:
    """The score of one class of a network of `limner classify`, less that of the others."""

    def __init__(self, network: SqueezeNet, classes: Classes, name: str) -> None:
        """Raises LimnerError for a class that the network does not have."""
        self.layer: Layer = CLASS_LAYER
        self._features = LayerFeatures(network, CLASS_LAYER)
        self._direction = classes.directions[classes.find(name)]

    def __call__(self, picture: Tensor) -> Tensor:
        """The score, shape ()."""
        result: Tensor = self._features(picture).mean((0, 2, 3)) @ self._direction.to(picture.device)
        return result


class GuideSimilarity:
    """How much the features of each place are like those of a guide picture that resemble them most.

    So each place takes up what of the guide it is nearest to. It is the dot product, as in the first
    notebook of the method, times the cosine: a dot product alone only asks for stronger features.
    """

    def __init__(self, network: SqueezeNet, layer: Layer, guide: Tensor) -> None:
        """`guide` is RGB in 0..1, (1, 3, H, W)."""
        self.layer: Layer = layer
        self._features = LayerFeatures(network, layer)
        with torch.no_grad():
            wanted = self._features(guide).flatten(2)[0].T
        self._wanted = functional.normalize(wanted)

    def __call__(self, picture: Tensor) -> Tensor:
        """The mean over places, shape ()."""
        found = self._features(picture).flatten(2)[0].T
        lengths = found.norm(dim=1)
        likeness = (functional.normalize(found) @ self._wanted.T).amax(dim=1)
        result: Tensor = (lengths * likeness.square()).mean()
        return result


class LayerFeatures:
    """A layer's maps (1, C, h, w) of RGB pictures (1, 3, H, W) in 0..1."""

    def __init__(self, network: SqueezeNet, layer: Layer) -> None:
        self._network = network
        self._layer: Layer = layer
        self.channels = 2 * FIRES[layer][2]

    def __call__(self, picture: Tensor) -> Tensor:
        """The maps."""
        maps: list[Tensor] = self._network(2 * picture - 1, [self._layer])
        return maps[0]
