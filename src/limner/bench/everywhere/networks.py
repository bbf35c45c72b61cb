"""The classifiers that torch has a network for, by the names in limner's files."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from limner.networks.classifiers.catalog import CLASSIFIERS
from limner.networks.features import SqueezeNet


class SqueezeNetClassifier(nn.Module):
    """SqueezeNet 1.0 (Iandola et al. 2016): pictures (N, 3, 224, 224) to scores (N, 1000).

    1,248,424 parameters, as published.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = SqueezeNet()
        self.classifier = nn.Conv2d(512, 1000, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        maps: list[Tensor] = self.features(pictures, ["fire9"])
        return torch.relu(self.classifier(maps[0])).mean((2, 3))


NETWORKS: dict[str, Callable[[int, int], nn.Module]] = {
    **CLASSIFIERS,
    "squeezenet": lambda *_: SqueezeNetClassifier(),
}
"""By the names in files, what makes the network for pictures of so many channels and pixels."""
