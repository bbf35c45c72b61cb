"""One node, its inputs, and torch's function of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onnx_cases.unets import Array

Function = Callable[..., Any]
OPSET = 21
WITH_PARAMETERS = {
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "Gemm",
    "GroupNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "PRelu",
}
"""Their inputs but the first are constants, as in files."""


@dataclass
class Case:
    """One node, torch's function of the same inputs, and constants that have no gradient."""

    op: str
    torch: Function
    inputs: list[Array]
    attributes: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    opset: int = OPSET
    outputs: int = 1
    constants: dict[int, Any] = field(default_factory=dict)
    """By the index of the input."""


def drawn(*shape: int, seed: int = 0, gain: float = 1, offset: float = 0) -> Array:
    random = np.random.default_rng([seed, *shape])
    return np.asarray(random.standard_normal(shape) * gain + offset, np.float32)


def positive(*shape: int, seed: int = 0) -> Array:
    return np.abs(drawn(*shape, seed=seed)) + np.float32(0.3)


def whole(*values: int) -> Array:
    return np.array(values, np.int64)


def kinks(*values: float) -> Array:
    """A picture of drawn numbers among which are those."""
    made = drawn(1, 4, 3, 5, gain=2)
    made.reshape(-1)[: len(values)] = values
    return made


PICTURE = (2, 5, 6, 7)
