"""How many epochs fit into some minutes on this machine."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

import torch

from limner.lab.objective import as_batch
from limner.lab.optimizers import make_optimizers
from limner.lab.options import LabSettings
from limner.lab.precision import autocast
from limner.lab.task import Task

WARM_UP_STEPS, TIMED_STEPS = 3, 12
SAFETY = 0.85
"""The part of the time that is planned: evaluation and checkpoints take some, and speed varies."""


def fit_epochs(task: Task, settings: LabSettings, minutes: float) -> LabSettings:
    """The settings with as many epochs as fit into `minutes`, at least 1: steps of a copy are timed."""
    network = copy.deepcopy(task.network)
    optimizers = make_optimizers(settings.optimizer, network, settings.lr, settings.weight_decay)
    train = task.examples.train
    batch = min(settings.batch, len(train.inputs))
    start = 0.0
    for step in range(WARM_UP_STEPS + TIMED_STEPS):
        if step == WARM_UP_STEPS:
            start = time.perf_counter()
        with autocast(settings.precision):
            outputs = network(as_batch(train.inputs[torch.arange(batch)])).float()
        loss = task.objective.loss(outputs, train.targets[:batch])
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
    seconds = (time.perf_counter() - start) / TIMED_STEPS
    epoch = seconds * (len(train.inputs) // batch)
    return replace(settings, epochs=max(1, int(SAFETY * 60 * minutes / max(epoch, 1e-9))))
