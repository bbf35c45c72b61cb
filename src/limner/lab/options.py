"""The names that `limner lab` takes, and the settings of a training.

The command line imports this module, so it needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, Literal, get_args

from limner.display import printable
from limner.errors import LimnerError
from limner.export.step_options import RATES, OptimizerName

TaskName = Literal["digits", "fashion", "pictures", "cars"]
CLASSIFY_TASK: Literal["classify"] = "classify"
"""The task of `limner classify`: one's own pictures, and SqueezeNet."""

ScheduleName = Literal["constant", "step", "exponential", "cosine", "one-cycle"]
InputRange = Literal["0..1", "0..255"]
PrecisionName = Literal["float32", "bfloat16"]

CLASSIFIER_NAMES = (
    "perceptron",
    "codelab",
    "lenet",
    "cnn",
    "alexnet-small",
    "googlenet",
    "googlenet-narrow",
    "resnet8",
    "resnet20",
    "mobilenet",
    "mobilenet-half",
    "mobilenet-quarter",
    "mobilenetv2",
    "mobilenetv2-half",
    "airbench",
    "airbench-half",
    "airbench-quarter",
)
REGRESSION_NAMES = ("line", "curve")

DEFAULT_EPOCHS: dict[TaskName, int] = {"digits": 10, "fashion": 10, "pictures": 20, "cars": 100}


@dataclass(frozen=True)
class LabSettings:
    """What a training's curve depends on, beside the data, the machine and the versions."""

    task: TaskName | Literal["classify"]
    net: str
    optimizer: OptimizerName
    lr: float
    """The highest learning rate of the schedule."""
    schedule: ScheduleName
    batch: int
    epochs: int
    """Passes over the training pictures, as the schedule plans them."""
    seed: int
    weight_decay: float | None
    """None for torch's default: 0.01 for AdamW, 0.1 for Muon, 0 for others."""
    label_smoothing: float
    augment: bool
    precision: PrecisionName = "float32"
    """Of the network's products in training; weights, their updates and tests are in float32."""

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)

    def differences(self, other: dict[str, Any]) -> list[str]:
        """The names of the settings in which another training's differ."""
        # Records from before there was a choice of precision lack it.
        known = {"precision": "float32"} | other
        return [each.name for each in fields(self) if known.get(each.name) != getattr(self, each.name)]


def check_settings(settings: LabSettings) -> LabSettings:
    """Return the settings. Raises LimnerError with a sentence where one cannot be used."""
    if settings.task != CLASSIFY_TASK:  # whose network is not chosen
        names = REGRESSION_NAMES if settings.task == "cars" else CLASSIFIER_NAMES
        choose("--net", settings.net, names, f"limner lab {settings.task}")
    choose("--optimizer", settings.optimizer, get_args(OptimizerName), "limner lab")
    choose("--schedule", settings.schedule, get_args(ScheduleName), "limner lab")
    choose("--precision", settings.precision, get_args(PrecisionName), "limner lab")
    for option, value, is_usable, rule in (
        ("--lr", settings.lr, math.isfinite(settings.lr) and settings.lr > 0, "above 0"),
        ("--batch", settings.batch, settings.batch >= 2, "a whole number of 2 or more"),
        ("--epochs", settings.epochs, settings.epochs >= 1, "a whole number of 1 or more"),
        (
            "--weight-decay",
            settings.weight_decay,
            settings.weight_decay is None or 0 <= settings.weight_decay < 1,
            "from 0 to below 1",
        ),
        (
            "--label-smoothing",
            settings.label_smoothing,
            0 <= settings.label_smoothing < 1,
            "from 0 to below 1",
        ),
    ):
        if not is_usable:
            raise LimnerError(f"{option} is {value}, but has to be {rule}.")
    return settings


def choose(option: str, name: str, names: Iterable[str], command: str) -> None:
    """Raise LimnerError where `name` is not among `names`: with the choices, a close one first."""
    choices = list(names)
    if name not in choices:
        close = get_close_matches(name, choices, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise LimnerError(
            f"{command} has no {option} {printable(name)}.{hint} Choose from: {', '.join(choices)}."
        )


def default_rate(optimizer: str) -> float:
    """torch's default learning rate; for Lion, that of its authors. Raises LimnerError for other names."""
    choose("--optimizer", optimizer, get_args(OptimizerName), "limner lab")
    return {str(name): rate for name, rate in RATES.items()}[optimizer]
