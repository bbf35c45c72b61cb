"""Settings of trainings in the lab that take a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limner.lab.options import LabSettings, TaskName

Train = Callable[..., dict[str, Any]]
"""Runs a training and returns its record."""


def make_settings(task: TaskName = "digits", **changes: Any) -> LabSettings:
    """Settings for a second of training."""
    given: dict[str, Any] = {
        "net": "curve" if task == "cars" else "lenet",
        "optimizer": "adam",
        "lr": 2e-3,
        "schedule": "constant",
        "batch": 32,
        "epochs": 2,
        "seed": 0,
        "weight_decay": None,
        "label_smoothing": 0.0,
        "augment": True,
    }
    return LabSettings(task=task, **(given | changes))
