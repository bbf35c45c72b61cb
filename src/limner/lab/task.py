"""A task with its network: everything that training needs besides the settings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from limner.lab.examples import Examples
from limner.lab.objective import Classification, Objective, Regression, as_batch
from limner.lab.options import CLASSIFY_TASK, LabSettings
from limner.lab.scaled import Scaled, ScaledRegression, scale_pictures, scale_to_signed
from limner.networks.classifiers.airbench import Airbench
from limner.networks.classifiers.catalog import CLASSIFIERS, REGRESSIONS
from limner.networks.classifiers.squeezenet import SqueezeNetClassifier
from limner.seeding import INIT, derive_seed

ADAPT_TO = 5000
"""Training pictures whose statistics a network may take its frozen filters from."""


@dataclass(frozen=True)
class Task:
    """What is learned, by which network."""

    examples: Examples
    network: Scaled
    objective: Objective


def make_task(settings: LabSettings, examples: Examples) -> Task:
    """The task with its network, whose weights depend on the seed, and for some on the pictures."""
    train = examples.train
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(settings.seed, INIT))
        bare = _make_network(settings, examples)
    if not examples.classes:
        span = float(train.targets.max() - train.targets.min())
        return Task(examples, ScaledRegression(bare, train.inputs, train.targets), Regression(span))
    if isinstance(bare, SqueezeNetClassifier):
        network = scale_to_signed(bare)
    else:
        network = scale_pictures(bare, train.inputs)
    if isinstance(bare, Airbench):
        bare.adapt(as_batch(train.inputs[:ADAPT_TO]) * network.scale + network.shift)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Task(examples, network, Classification(settings.label_smoothing))


def _make_network(settings: LabSettings, examples: Examples) -> nn.Module:
    if not examples.classes:
        return REGRESSIONS[settings.net]()
    if settings.task == CLASSIFY_TASK:
        return SqueezeNetClassifier(len(examples.classes))
    _, channels, pixels, _ = examples.train.inputs.shape
    return CLASSIFIERS[settings.net](channels, pixels)
