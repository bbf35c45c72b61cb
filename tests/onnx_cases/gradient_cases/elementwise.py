"""Element-wise operators, with their kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import Case, Function, drawn, kinks, positive
from onnx_cases.unets import Array


def unary() -> list[Case]:
    x = kinks(0, -3, 3, 1, -1, -2.5, 2.5)
    softplus = functional.softplus
    functions: list[tuple[str, Function, Array, dict[str, Any]]] = [
        ("Abs", torch.abs, x, {}),
        ("Celu", lambda v: functional.celu(v, 1.3), x, {"alpha": 1.3}),
        ("Cos", torch.cos, x, {}),
        ("Elu", lambda v: functional.elu(v, 0.7), x, {"alpha": 0.7}),
        ("Erf", torch.erf, x, {}),
        ("Exp", torch.exp, x, {}),
        ("Gelu", functional.gelu, x, {}),
        ("Gelu", lambda v: functional.gelu(v, approximate="tanh"), x, {"approximate": "tanh"}),
        ("HardSigmoid", functional.hardsigmoid, x, {"alpha": 1 / 6}),
        ("HardSwish", functional.hardswish, x, {}),
        ("Identity", lambda v: v, x, {}),
        ("LeakyRelu", lambda v: functional.leaky_relu(v, 0.2), x, {"alpha": 0.2}),
        ("Log", torch.log, positive(2, 3), {}),
        ("Mish", functional.mish, x, {}),
        ("Neg", torch.neg, x, {}),
        ("Reciprocal", torch.reciprocal, positive(2, 3), {}),
        ("Relu", functional.relu, x, {}),
        ("Selu", functional.selu, x, {}),
        ("Sigmoid", torch.sigmoid, x, {}),
        ("Sin", torch.sin, x, {}),
        ("Softplus", softplus, x, {}),
        ("Softsign", functional.softsign, x, {}),
        ("Sqrt", torch.sqrt, positive(2, 3), {}),
        ("Tanh", torch.tanh, x, {}),
        ("ThresholdedRelu", lambda v: functional.threshold(v, 1, 0), x, {"alpha": 1.0}),
    ]
    flat: list[tuple[str, Function]] = [
        ("Ceil", torch.ceil),
        ("Floor", torch.floor),
        ("Round", torch.round),
        ("Sign", torch.sign),
    ]
    made = [Case(op, function, [given], attributes) for op, function, given, attributes in functions]
    made += [Case(op, function, [x]) for op, function in flat]
    made.append(Case("Swish", lambda v: v * torch.sigmoid(1.5 * v), [x], {"alpha": 1.5}, opset=24))
    return made


def several() -> list[Case]:
    a, b = drawn(2, 3, 4, 5), drawn(3, 1, 5, seed=1)
    far = positive(3, 1, 5, seed=2)
    tied = np.round(a)
    other = np.round(drawn(2, 3, 4, 5, seed=3))
    third = np.round(drawn(4, 1, seed=4))
    low, high = np.array(-0.5, np.float32), np.array(0.75, np.float32)
    clipped = kinks(-0.5, 0.75, 0.1)
    base = positive(2, 3)
    base_with_zero = base.copy()
    base_with_zero[0, 0] = 0

    def largest(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Among equal ones the gradient is shared equally, as by amax."""
        return torch.stack([one.expand(2, 3, 4, 5) for one in (x, y, z)]).amax(0)

    def smallest(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        return torch.stack([one.expand(2, 3, 4, 5) for one in (x, y, z)]).amin(0)

    return [
        Case("Add", torch.add, [a, b]),
        Case("Sub", torch.sub, [a, b]),
        Case("Mul", torch.mul, [a, b]),
        Case("Div", torch.div, [a, far]),
        Case("Pow", torch.pow, [base, drawn(2, 3, seed=5)], name="pow"),
        Case("Pow", torch.pow, [base_with_zero, np.full((2, 3), 2, np.float32)], name="pow_of_zero"),
        Case("PRelu", lambda x, s: torch.where(x > 0, x, s * x), [kinks(0, 0), drawn(4, 1, 1, seed=6)]),
        Case("Max", torch.maximum, [tied, other], name="max"),
        Case("Min", torch.minimum, [tied, other], name="min"),
        Case("Max", largest, [tied, other, third], name="max_of_three"),
        Case("Min", smallest, [tied, other, third], name="min_of_three"),
        Case("Sum", lambda x, y, z: x + y + z, [a, b, third]),
        Case("Mean", lambda x, y, z: (x + y + z) / 3, [a, b, third]),
        Case("Mod", torch.fmod, [a, far], {"fmod": 1}),
        Case("Cast", lambda x: x, [a], {"to": 1}),
        Case("CastLike", lambda x: x, [a], constants={1: np.ones(1, np.float32)}),
        Case("Dropout", lambda x: x, [a]),
        Case("Clip", torch.clamp, [clipped, low, high], name="clip"),
        Case(
            "Clip",
            lambda x: torch.clamp(x, -0.5, 0.75),
            [clipped],
            {"min": -0.5, "max": 0.75},
            name="clip_of_opset_9",
            opset=9,
        ),
        Case("Clip", lambda x, h: torch.clamp(x, max=h), [clipped, high], name="clip_above"),
        Case("Where", lambda x, y: torch.where(torch.tensor(WHERE), x, y), [a, b], constants={0: WHERE}),
    ]


WHERE = drawn(3, 4, 1, seed=7) > 0
