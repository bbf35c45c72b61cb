"""The judge: the trained network whose features KID, memorising and diversity compare.

A painter that learned to please a network is rated too well by it. So the judge is never a network of the
recipe's loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from limner.evaluation.batches import map_batches
from limner.networks.efficientnet import is_installed, load_efficientnet
from limner.networks.features import load_squeezenet

PATCH = 128
"""Side in pixels of what the judge sees: it was trained on objects of about this size."""

NO_JUDGE = (
    "KID, memorising and diversity are left out: they need a network that the training did not use. "
    'Install it with `pip install "limner[measure]"`.'
)


class FeatureNetwork(Protocol):
    """A network that gives each picture (3, H, W) in -1..1 one feature."""

    def pooled(self, pictures: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Judge:
    """A frozen network and its name for people."""

    name: str
    network: FeatureNetwork

    @torch.no_grad()
    def features(self, pictures: Tensor) -> Tensor:
        """Features (N, C), float64, of pictures (N, 3, H, W) in 0..1."""
        return map_batches(self._pool, pictures).double()

    def _pool(self, pictures: Tensor) -> Tensor:
        return self.network.pooled((2 * pictures - 1).contiguous(memory_format=torch.channels_last))

    def patch_features(self, pictures: Tensor) -> Tensor:
        """Features (N, K, C) of the K patches of `PATCH` pixels that tile each picture (N, 3, P, P)."""
        patches = cut_patches(pictures)
        features = self.features(patches.flatten(0, 1))
        return features.reshape(*patches.shape[:2], -1)

    def picture_features(self, pictures: Tensor) -> Tensor:
        """Features (N, C) of whole pictures (N, 3, P, P)."""
        return self.features(shrink(pictures))


def choose_judge(recipe: Mapping[str, Any]) -> Judge | None:
    """The judge of what was trained with a recipe, whose fields are given; None where there is none.

    EfficientNet-Lite0 where it is installed, or else SqueezeNet, if the recipe's loss does not use that.
    """
    if is_installed():
        return Judge("EfficientNet-Lite0", load_efficientnet())
    if is_trained_with_squeezenet(recipe):
        return None
    return Judge("SqueezeNet 1.0", load_squeezenet())


def is_trained_with_squeezenet(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe's loss compares features of SqueezeNet."""
    return bool(recipe.get("perceptual"))


def cut_patches(pictures: Tensor) -> Tensor:
    """(N, C, P, P) to (N, K, C, S, S): tiles of S = `PATCH` pixels, or the whole of a smaller picture.

    Pictures whose side is no multiple of S are first enlarged to the next one, so that nothing is left out.
    """
    side = min(pictures.shape[-1], PATCH)
    if pictures.shape[-1] % side:
        whole = math.ceil(pictures.shape[-1] / side) * side
        pictures = interpolate(pictures, (whole, whole), mode="bilinear", align_corners=False)
    tiles = pictures.unfold(2, side, side).unfold(3, side, side)  # (N, C, rows, columns, S, S)
    return tiles.flatten(2, 3).transpose(1, 2)


def shrink(pictures: Tensor) -> Tensor:
    """Means of pictures (N, C, P, P) that are larger than `PATCH` pixels: (N, C, `PATCH`, `PATCH`)."""
    return adaptive_avg_pool2d(pictures, PATCH) if pictures.shape[-1] > PATCH else pictures
