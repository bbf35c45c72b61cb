"""Networks of one number, for cars: miles per gallon by horsepower.

They are those of TensorFlow.js' codelab, which also the third of our seeds trains. The line is two linear
layers of one unit each, 4 parameters, which together are still a line. The curve has a layer of 50 logistic
units between them, 153 parameters.
"""

from __future__ import annotations

from torch import Tensor, nn


class Line(nn.Module):
    """(N, 1) to (N, 1), a straight line."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Linear(1, 1)
        self.output = nn.Linear(1, 1)

    def forward(self, values: Tensor) -> Tensor:
        """The predictions."""
        predictions: Tensor = self.output(self.input(values))
        return predictions


class Curve(nn.Module):
    """(N, 1) to (N, 1), a smooth curve."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Linear(1, 1)
        self.hidden = nn.Linear(1, 50)
        self.output = nn.Linear(50, 1)
        self.logistic = nn.Sigmoid()

    def forward(self, values: Tensor) -> Tensor:
        """The predictions."""
        predictions: Tensor = self.output(self.logistic(self.hidden(self.input(values))))
        return predictions
