"""SqueezeNet 1.0 (Iandola et al. 2016), trained on ImageNet and frozen: features of pictures.

The weights are those of the authors' Caffe model and lie beside this file, with their licence. A loss may
use the network, since gradients reach the pictures; a measure of a recipe with such a loss must not.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.errors import LimnerError
from limner.networks.feature_layers import LAYERS, Layer

FIRES: dict[Layer, tuple[int, int, int]] = {
    "fire2": (96, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}
"""Channels of each Fire module: in, squeezed, and of each of its two expansions."""

INDEX: dict[Layer, int] = dict(zip(LAYERS, (3, 4, 5, 7, 8, 9, 10, 12), strict=True))
"""The number by which the file names each layer."""

POOLED_BEFORE = frozenset({"fire2", "fire5", "fire9"})

MIN_PIXELS = 32
"""Smallest side of a picture: a smaller one leaves nothing for fire9."""

WEIGHTS = "squeezenet1_0.npz"
SHA256 = "5cc9bcb8011a95f5d385b271e23cc579e0b2a22fa07812d0a51f4130fac545ff"

MEAN_BGR = (104.0, 117.0, 123.0)
"""What the authors subtract from pictures in 0..255, whose channels they order blue, green, red."""


class Fire(nn.Module):
    """(B, in, H, W) to (B, 2 expanded, H, W): a 1x1 squeeze, then 1x1 and 3x3 expansions side by side."""

    def __init__(self, channels_in: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels_in, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        squeezed = torch.relu(self.squeeze(image))
        return torch.relu(torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1))


class SqueezeNet(nn.Module):
    """The convolutions of SqueezeNet 1.0. Weights and maps are channels-last; no weight is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.fires = nn.ModuleDict({name: Fire(*FIRES[name]) for name in LAYERS})
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor, layers: Collection[Layer]) -> list[Tensor]:
        """The maps (B, C, h, w) after `layers`, in the network's order; later layers do not run.

        Pictures are RGB in -1..1, (B, 3, H, W) with sides of at least `MIN_PIXELS`.
        """
        return self.with_first(pictures, layers)[1:]

    def with_first(self, pictures: Tensor, layers: Collection[Layer]) -> list[Tensor]:
        """As `forward`, and before them the maps (B, 96, h, w) of the first convolution after its ReLU."""
        image = torch.relu(self.conv1(pictures))
        maps: list[Tensor] = [image]
        for name in LAYERS[: max(map(LAYERS.index, layers)) + 1]:
            if name in POOLED_BEFORE:
                image = self.pool(image)
            image = self.fires[name](image)
            if name in layers:
                maps.append(image)
        return maps

    def pooled(self, pictures: Tensor) -> Tensor:
        """Mean features (B, 512) of the last layer; pictures as in `forward`."""
        maps: list[Tensor] = self(pictures, ["fire9"])
        return maps[0].mean((2, 3))


def smallest_side(layer: Layer) -> int:
    """Fewest pixels of a picture's side: of fewer, a pool before the layer has nothing to pool."""
    pools = POOLED_BEFORE.intersection(LAYERS[: LAYERS.index(layer) + 1])
    return int(2 * 2 ** len(pools) + 5)


def load_squeezenet() -> SqueezeNet:
    """The network with its weights, on the CPU. Raises LimnerError where the file of weights is damaged."""
    content = files("limner.networks").joinpath(WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise LimnerError(f"limner's own file {WEIGHTS} is damaged: install limner again.")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        stored = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    network = SqueezeNet()
    network.conv1.weight.copy_(stored["features.0.weight"])
    network.conv1.bias.copy_(stored["features.0.bias"])  # type: ignore[union-attr]
    _fold_input_range(network.conv1)
    for name, fire in network.fires.items():
        prefix = f"features.{INDEX[name]}."  # type: ignore[index]
        fire.load_state_dict(
            {key.removeprefix(prefix): weight for key, weight in stored.items() if key.startswith(prefix)}
        )
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def load_extractor() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A function from RGB pictures (N, H, W, 3), uint8, to features (N, 768) of what they are of.

    Means of an early layer, which knows colours and textures, beside those of the last one, which knows
    things; both have length 1. Kinds of things alone do not tell a sunset from clouds.
    """
    network = load_squeezenet()

    @torch.no_grad()
    def extract(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        signed = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2) / 127.5 - 1
        maps = network(signed, ["fire4", "fire9"])
        pooled = [nn.functional.normalize(image.mean((2, 3))) for image in maps]
        features: NDArray[np.float32] = torch.cat(pooled, dim=1).numpy()
        return features

    return extract


def _fold_input_range(conv: nn.Conv2d) -> None:
    """Let a layer that takes BGR in 0..255 less its mean take RGB in -1..1.

    It is exact, since the layer does not pad, and spares a training step three passes over its pictures.
    """
    shift = 127.5 - torch.tensor(MEAN_BGR)
    conv.bias.add_(torch.einsum("oihw,i->o", conv.weight, shift))  # type: ignore[union-attr]
    conv.weight.copy_(127.5 * conv.weight.flip(1))
