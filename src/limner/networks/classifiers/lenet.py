"""LeNet-5 (LeCun et al. 1998), as it is practised today.

The paper's C3 takes only some of the maps of S2, its units are scaled tanh and its pools learned sums.
Here, as nearly everywhere since, C3 takes all maps, units are ReLU and pools take the maximum. Digits of 28
pixels get a border of 2, as in the paper.

- lenet: 61,706 parameters, 416,520 multiply-adds for 28x28x1;
  62,006 parameters, 651,720 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn


class LeNet5(nn.Module):
    """Pictures (N, C, P, P), P 28 or 32, to scores (N, 10) before softmax."""

    def __init__(self, channels: int, pixels: int) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(channels, 6, 5, padding=(32 - pixels) // 2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Linear(16 * 5 * 5, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        maps = self.pool(self.relu(self.c1(pictures)))
        maps = self.pool(self.relu(self.c3(maps)))
        features = self.relu(self.f6(self.relu(self.c5(maps.flatten(1)))))
        scores: Tensor = self.output(features)
        return scores
