"""Fifty steps of every optimizer on random gradients, by torch in float64."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, optim

STEPS = 50
SHAPE = (3, 5)


class Lion(optim.Optimizer):
    """Algorithm 2 of Chen et al. (2023); torch has none."""

    def __init__(self, params: Any, lr: float, betas: tuple[float, float], weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, _closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            first, second = group["betas"]
            for weight in group["params"]:
                mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
                step = (first * mean + (1 - first) * weight.grad).sign()
                weight.sub_(group["lr"] * (step + group["weight_decay"] * weight))
                mean.mul_(second).add_(weight.grad, alpha=1 - second)


def orthogonalize(
    gradient: Tensor, coefficients: tuple[float, float, float], steps: int, epsilon: float
) -> Tensor:
    """As torch's Muon, which does it in bfloat16, but in the precision of the gradient."""
    a, b, c = coefficients
    made: Tensor = gradient.T if gradient.size(0) > gradient.size(1) else gradient
    made = made / made.norm().clamp(min=epsilon)
    for _ in range(steps):
        gram = made @ made.T
        made = a * made + (b * gram + c * gram @ gram) @ made
    return made.T if gradient.size(0) > gradient.size(1) else made


Make = Callable[..., optim.Optimizer]
CASES: list[tuple[str, dict[str, Any], float, Make]] = [
    ("sgd", {}, 0.01, optim.SGD),
    ("sgd", {"weightDecay": 0.1}, 0.01, partial(optim.SGD, weight_decay=0.1)),
    ("sgd", {"momentum": 0.9}, 0.01, partial(optim.SGD, momentum=0.9)),
    ("sgd", {"momentum": 0.9, "dampening": 0.3}, 0.01, partial(optim.SGD, momentum=0.9, dampening=0.3)),
    ("sgd", {"momentum": 0.8, "nesterov": True}, 0.01, partial(optim.SGD, momentum=0.8, nesterov=True)),
    ("adagrad", {}, 0.01, optim.Adagrad),
    (
        "adagrad",
        {"initial": 0.1, "rateDecay": 0.05, "weightDecay": 0.1},
        0.1,
        partial(optim.Adagrad, initial_accumulator_value=0.1, lr_decay=0.05, weight_decay=0.1),
    ),
    ("adadelta", {}, 1, optim.Adadelta),
    (
        "adadelta",
        {"rho": 0.95, "epsilon": 1e-4, "weightDecay": 0.1},
        0.5,
        partial(optim.Adadelta, rho=0.95, eps=1e-4, weight_decay=0.1),
    ),
    ("rmsprop", {}, 0.01, optim.RMSprop),
    ("rmsprop", {"momentum": 0.9, "alpha": 0.9}, 0.01, partial(optim.RMSprop, momentum=0.9, alpha=0.9)),
    (
        "rmsprop",
        {"centered": True, "weightDecay": 0.1},
        0.01,
        partial(optim.RMSprop, centered=True, weight_decay=0.1),
    ),
    ("adam", {}, 0.001, optim.Adam),
    (
        "adam",
        {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "weightDecay": 0.1},
        0.01,
        partial(optim.Adam, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1),
    ),
    ("adamw", {}, 0.001, optim.AdamW),
    ("adamw", {"weightDecay": 0.3}, 0.01, partial(optim.AdamW, weight_decay=0.3)),
    ("lion", {}, 0.001, partial(Lion, betas=(0.9, 0.99), weight_decay=0)),
    (
        "lion",
        {"beta1": 0.8, "beta2": 0.95, "weightDecay": 0.1},
        0.01,
        partial(Lion, betas=(0.8, 0.95), weight_decay=0.1),
    ),
    ("muon", {}, 0.02, optim.Muon),
    (
        "muon",
        {"momentum": 0.8, "nesterov": False, "weightDecay": 0.3, "iterations": 3},
        0.01,
        partial(optim.Muon, momentum=0.8, nesterov=False, weight_decay=0.3, ns_steps=3),
    ),
    (
        "muon",
        {"adjust": "matchRmsAdamw", "epsilon": 1},
        0.01,
        partial(optim.Muon, adjust_lr_fn="match_rms_adamw", eps=1),
    ),
    ("muon", {"turned": True}, 0.02, optim.Muon),
]


def trajectory(make: Make, rate: float, start: Tensor, gradients: Tensor) -> np.ndarray[Any, Any]:
    """The weights after each step."""
    weight = torch.nn.Parameter(start.clone())
    optimizer = make([weight], lr=rate)
    path = []
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        path.append(weight.detach().clone())
    return torch.stack(path).numpy()


def write_optimizers(folder: Path) -> None:
    random = torch.Generator().manual_seed(5)
    start = torch.randn(SHAPE, generator=random, dtype=torch.float64)
    gradients = torch.randn((STEPS, *SHAPE), generator=random, dtype=torch.float64)
    start.numpy().tofile(folder / "optimizers.start")
    gradients.numpy().tofile(folder / "optimizers.gradients")
    listed = []
    for i, (name, options, rate, make) in enumerate(CASES):
        # A matrix of more rows than columns, for those that look at the whole of it.
        turned = options.get("turned", False)
        given = (start.reshape(SHAPE[::-1]), gradients.reshape(STEPS, *SHAPE[::-1]))
        with mock.patch("torch.optim._muon._zeropower_via_newtonschulz", orthogonalize):
            path = trajectory(make, rate, *(given if turned else (start, gradients)))
        path.tofile(folder / f"optimizers.{i}")
        listed.append({"name": name, "options": options, "rate": rate, "file": f"optimizers.{i}"})
    (folder / "optimizers.json").write_text(json.dumps({"steps": STEPS, "shape": SHAPE, "cases": listed}))
