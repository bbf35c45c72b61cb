"""The learning rates of torch's schedulers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import optim
from torch.optim import lr_scheduler

STEPS = 60

Make = Callable[[optim.Optimizer], Any]


def warmed(optimizer: optim.Optimizer) -> lr_scheduler.LRScheduler:
    """A cosine after a warm-up."""
    parts: list[lr_scheduler.LRScheduler] = [
        lr_scheduler.LinearLR(optimizer, 0.1, total_iters=8),
        lr_scheduler.CosineAnnealingLR(optimizer, STEPS - 8, 0.001),
    ]
    return lr_scheduler.SequentialLR(optimizer, parts, milestones=[8])


CASES: list[tuple[str, float, Make]] = [
    ("constant", 0.1, lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda _: 1)),
    ("stepped", 0.1, lambda optimizer: lr_scheduler.StepLR(optimizer, 7)),
    ("stepped-half", 0.3, lambda optimizer: lr_scheduler.StepLR(optimizer, 20, 0.5)),
    ("exponential", 0.1, lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.95)),
    ("cosine", 0.1, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 25)),
    ("cosine-least", 0.2, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS, 0.01)),
    ("warm-up", 0.1, warmed),
    ("one-cycle", 0.01, lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, STEPS)),
    (
        "one-cycle-early",
        0.01,
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 0.2, STEPS, pct_start=0.15, div_factor=10, final_div_factor=100
        ),
    ),
]
PLATEAUS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"patience": 2, "factor": 0.5}, {"patience": 2, "factor": 0.5}),
    ({"patience": 1, "cooldown": 3, "least": 0.001}, {"patience": 1, "cooldown": 3, "min_lr": 0.001}),
    (
        {"mode": "max", "patience": 2, "threshold": 0.05, "thresholdMode": "abs"},
        {"mode": "max", "patience": 2, "threshold": 0.05, "threshold_mode": "abs"},
    ),
]


def optimizer_of(rate: float) -> optim.Optimizer:
    return optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate, momentum=0.9)


def rates_of(rate: float, make: Make) -> list[float]:
    optimizer = optimizer_of(rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR calls its parts as torch itself advises against
        scheduler = make(optimizer)
        rates = []
        for step in range(STEPS):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if step < STEPS - 1:
                scheduler.step()
    return rates


def write_schedules(folder: Path) -> None:
    random = torch.Generator().manual_seed(4)
    noise = 0.1 * torch.rand(STEPS, generator=random, dtype=torch.float64)
    measures = (torch.exp(-torch.arange(STEPS) / 8) + noise).tolist()
    plateaus = []
    for options, given in PLATEAUS:
        optimizer = optimizer_of(0.1)
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **given)
        rates = []
        for measure in measures:
            scheduler.step(measure)
            rates.append(float(optimizer.param_groups[0]["lr"]))
        plateaus.append({"options": options, "rates": rates})
    cases = [{"name": name, "rates": rates_of(rate, make)} for name, rate, make in CASES]
    (folder / "schedules.json").write_text(
        json.dumps({"cases": cases, "measures": measures, "plateaus": plateaus})
    )
