"""What training makes small, and what it is judged by: classes or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from limner.lab.examples import Part

EVALUATION_BATCH = 500
"""Inputs that are evaluated at once."""

EVALUATION_PIXELS = EVALUATION_BATCH * 32 * 32
"""Of large pictures, fewer: the maps of 500 would need gigabytes."""


class Objective(Protocol):
    """The loss of a batch, and a score of many outputs, of which more is better."""

    @property
    def measure(self) -> str:
        """What the score is."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor: ...

    def score(self, outputs: Tensor, targets: Tensor) -> float: ...


@dataclass(frozen=True)
class Classification:
    """Cross-entropy; the score is the accuracy, 0..1."""

    label_smoothing: float = 0.0
    measure: str = "accuracy"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, of scores (n, classes) and classes (n,)."""
        return cross_entropy(outputs, targets, label_smoothing=self.label_smoothing)

    def score(self, outputs: Tensor, targets: Tensor) -> float:
        """The part of the examples whose highest score is that of their class."""
        return float((outputs.argmax(1) == targets).double().mean())


@dataclass(frozen=True)
class Regression:
    """The mean squared error of targets scaled to 0..1; the score is R²: 1 is perfect, 0 is the mean."""

    span: float
    """The targets' largest value less their least."""
    measure: str = "R²"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean over the batch, of predictions (n, 1) and targets (n, 1)."""
        return mse_loss(outputs / self.span, targets / self.span)

    def score(self, outputs: Tensor, targets: Tensor) -> float:
        """The part of the targets' variance that is predicted."""
        left = (outputs.double() - targets.double()).square().mean()
        return float(1 - left / targets.double().var(correction=0).clamp_min(1e-12))


def predict(network: nn.Module, inputs: Tensor) -> Tensor:
    """The outputs of the network in evaluation mode, in the order of the inputs."""
    was_training = network.training
    network.eval()
    with torch.no_grad():
        parts = [network(as_batch(part)) for part in torch.split(inputs, evaluation_batch(inputs))]
    network.train(was_training)
    return torch.cat(parts)


def evaluation_batch(inputs: Tensor) -> int:
    """How many of the inputs, pictures (n, C, P, P) or numbers (n, 1), are evaluated at once."""
    if inputs.ndim == 4:
        return max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // inputs.shape[-1] ** 2))
    return EVALUATION_BATCH


def as_batch(inputs: Tensor) -> Tensor:
    """Inputs as float32; pictures channels-last, which is faster on CPUs."""
    values = inputs.float()
    return values.contiguous(memory_format=torch.channels_last) if values.ndim == 4 else values


def evaluate(network: nn.Module, objective: Objective, part: Part) -> tuple[float, float]:
    """The loss and the score of a part of the examples."""
    outputs = predict(network, part.inputs)
    return float(objective.loss(outputs, part.targets)), objective.score(outputs, part.targets)
