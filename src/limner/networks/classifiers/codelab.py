"""The network for digits of TensorFlow.js' codelab, which also the third of our seeds trains.

Two convolutions 5x5, of 8 and 16 channels, each with a max-pool, and one linear layer.

- codelab: 5,994 parameters, 322,560 multiply-adds for 28x28x1;
  7,834 parameters, 794,400 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn


class Codelab(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax."""

    def __init__(self, channels: int, pixels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 5)
        self.conv2 = nn.Conv2d(8, 16, 5)
        side = ((pixels - 4) // 2 - 4) // 2
        self.output = nn.Linear(16 * side**2, 10)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        maps = self.pool(self.relu(self.conv1(pictures)))
        maps = self.pool(self.relu(self.conv2(maps)))
        scores: Tensor = self.output(maps.flatten(1))
        return scores
