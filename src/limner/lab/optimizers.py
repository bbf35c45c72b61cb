"""The optimizers by name: torch's formulas and defaults, as the page has them (docs/optimizers.md).

momentum and nesterov are SGD with 0.9. Muon moves matrices and AdamW all other weights, at the same rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn, optim
from torch.optim import Optimizer

from limner.export.step_options import OptimizerName
from limner.lab.lion import Lion

MOMENTUM = 0.9

MAKERS: dict[OptimizerName, Callable[..., Optimizer]] = {
    "sgd": optim.SGD,
    "momentum": lambda weights, **given: optim.SGD(weights, momentum=MOMENTUM, **given),
    "nesterov": lambda weights, **given: optim.SGD(weights, momentum=MOMENTUM, nesterov=True, **given),
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
    "rmsprop": optim.RMSprop,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "lion": Lion,
    "muon": lambda weights, **given: optim.Muon(weights, adjust_lr_fn="original", **given),
}


def make_optimizers(
    name: OptimizerName, network: nn.Module, lr: float, weight_decay: float | None
) -> list[Optimizer]:
    """The optimizers that together move all learned weights of `network`: one, or Muon and AdamW.

    `weight_decay` None is torch's default.
    """
    given: dict[str, Any] = {"lr": lr}
    if weight_decay is not None:
        given["weight_decay"] = weight_decay
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    if name != "muon":
        return [MAKERS[name](weights, **given)]
    matrices = [weight for weight in weights if weight.ndim == 2]
    others = [weight for weight in weights if weight.ndim != 2]
    halves = (("muon", matrices), ("adamw", others))
    return [MAKERS[kind](each, **given) for kind, each in halves if each]  # type: ignore[index]


def set_rate(optimizers: list[Optimizer], rate: float) -> None:
    """Set the learning rate of the next step."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate
