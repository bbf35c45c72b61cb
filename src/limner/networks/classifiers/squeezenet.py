"""SqueezeNet 1.0 (Iandola et al. 2016) with a last layer of its own, for other kinds of things.

It begins with the weights that ImageNet left and goes on learning: a hundred pictures are enough for it,
where a network that begins with nothing needs thousands.
"""

from __future__ import annotations

from torch import Tensor, nn

from limner.networks.features import FIRES, load_squeezenet

DROPOUT = 0.5
"""As the authors have it."""

INIT_STD = 0.01
"""Of the last layer's first weights, as the authors have it."""


class SqueezeNetClassifier(nn.Module):
    """(B, 3, P, P), RGB in -1..1, to scores (B, classes) before softmax; P is at least 32.

    The last layer is a 1x1 convolution whose maps are averaged, as in the paper. It has no ReLU, which
    would leave a class without a gradient where its score is below zero everywhere.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = load_squeezenet().requires_grad_(True)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Conv2d(2 * FIRES["fire9"][2], classes, 1)
        nn.init.normal_(self.classifier.weight, std=INIT_STD)
        assert self.classifier.bias is not None
        nn.init.zeros_(self.classifier.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        (maps,) = self.features(pictures, ["fire9"])
        scores: Tensor = self.classifier(self.dropout(maps)).mean((2, 3))
        return scores
