"""What a trained network does with the test examples, measured once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from limner.lab.examples import Examples
from limner.lab.objective import Objective, predict
from limner.lab.scaled import Scaled


@dataclass(frozen=True)
class ClassScores:
    """Of pictures."""

    accuracy: float
    """The part of the test pictures, 0..1."""
    loss: float
    accuracy_by_class: dict[str, float]
    confusion: list[list[int]]
    """Counts: a row for each true class, a column for each predicted one."""
    wrong: list[int]
    """The numbers of the test pictures that were not recognized."""


@dataclass(frozen=True)
class NumberScores:
    """Of numbers."""

    r2: float
    """The part of the targets' variance that is predicted."""
    rmse: float
    """In the targets' unit, such as miles per gallon."""
    loss: float


def measure_test(network: Scaled, objective: Objective, examples: Examples) -> ClassScores | NumberScores:
    """The scores on the test examples."""
    outputs = predict(network, examples.test.inputs)
    targets = examples.test.targets
    loss = float(objective.loss(outputs, targets))
    if not examples.classes:
        rmse = float((outputs.double() - targets.double()).square().mean().sqrt())
        return NumberScores(objective.score(outputs, targets), rmse, loss)
    predicted = outputs.argmax(1)
    confusion = count_confusions(targets, predicted, len(examples.classes))
    counts = confusion.sum(1).clamp_min(1)
    return ClassScores(
        accuracy=objective.score(outputs, targets),
        loss=loss,
        accuracy_by_class=dict(
            zip(examples.classes, (confusion.diagonal() / counts).tolist(), strict=True)
        ),
        confusion=confusion.tolist(),
        wrong=(predicted != targets).nonzero().flatten().tolist(),
    )


def count_confusions(targets: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """int64 (classes, classes): how often each true class (row) was taken for each class (column)."""
    cells = torch.bincount(targets * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes)
