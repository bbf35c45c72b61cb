"""The losses and optimizers of a training step.

The command line imports this module, so it needs neither torch nor onnx.
"""

from __future__ import annotations

from typing import Literal

Loss = Literal["l1", "mse", "cross-entropy", "bce"]
OptimizerName = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "lion", "muon"
]

LOSSES: dict[Loss, str] = {
    "l1": "l1",
    "mse": "mse",
    "cross-entropy": "crossEntropy",
    "bce": "bceWithLogits",
}
"""The engine's name of each loss."""

RATES: dict[OptimizerName, float] = {
    "sgd": 1e-3,
    "momentum": 1e-3,
    "nesterov": 1e-3,
    "adagrad": 1e-2,
    "adadelta": 1.0,
    "rmsprop": 1e-2,
    "adam": 1e-3,
    "adamw": 1e-3,
    "lion": 1e-4,
    "muon": 1e-3,
}
"""torch's default learning rates; for Lion, that of its authors."""

ADAM = "rate / (1 - 0.9**t), (1 - 0.999**t) ** -0.5"
ADAMW = f"{ADAM}, 1 - 0.01 * rate"
SCALARS: dict[OptimizerName, str] = {
    "sgd": "rate",
    "momentum": "rate, 1",
    "nesterov": "rate, 1",
    "adagrad": "rate",
    "adadelta": "rate",
    "rmsprop": "rate",
    "adam": f"{ADAM}, 1",
    "adamw": ADAMW,
    "lion": "rate, 1",
    "muon": f"rate, 1 - 0.1 * rate, {ADAMW}",
}
"""What the input `scalars` holds in step t, from 1 on, in Python: those of the engine's optimizers."""
