"""The multilayer perceptron of LeCun et al. 1998: two hidden layers of 300 and 100 logistic units.

The paper reports 3.05 % errors on MNIST. It takes no notice of neighbouring pixels: what convolutions gain
is seen beside it.

- perceptron: 266,610 parameters, 266,200 multiply-adds for 28x28x1;
  953,010 parameters, 952,600 multiply-adds for 32x32x3
"""

from __future__ import annotations

from torch import Tensor, nn


class Perceptron(nn.Module):
    """Pictures (N, C, P, P) to scores (N, 10) before softmax."""

    def __init__(self, channels: int, pixels: int) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(channels * pixels**2, 300)
        self.hidden2 = nn.Linear(300, 100)
        self.output = nn.Linear(100, 10)
        self.logistic = nn.Sigmoid()

    def forward(self, pictures: Tensor) -> Tensor:
        """The scores."""
        units = self.logistic(self.hidden1(pictures.flatten(1)))
        scores: Tensor = self.output(self.logistic(self.hidden2(units)))
        return scores
