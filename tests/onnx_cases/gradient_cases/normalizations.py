"""Normalizations and resizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import Case, Function, drawn, positive, whole
from onnx_cases.unets import Array


def normalizations() -> list[Case]:
    x = drawn(2, 6, 4, 5)
    scale, shift = drawn(6, seed=1), drawn(6, seed=2)
    mean, variance = drawn(6, seed=3), positive(6, seed=4)

    def batch(v: Tensor, s: Tensor, b: Tensor) -> Tensor:
        return functional.batch_norm(v, torch.tensor(mean).double(), torch.tensor(variance).double(), s, b)

    def by_group(v: Tensor, s: Tensor, b: Tensor) -> Tensor:
        return functional.group_norm(v, 3, s.repeat_interleave(2), b.repeat_interleave(2))

    return [
        Case("BatchNormalization", batch, [x, scale, shift], constants={3: mean, 4: variance}),
        Case(
            "InstanceNormalization",
            lambda v, s, b: functional.instance_norm(v, weight=s, bias=b),
            [x, scale, shift],
        ),
        Case(
            "GroupNormalization",
            lambda v, s, b: functional.group_norm(v, 3, s, b),
            [x, scale, shift],
            {"num_groups": 3},
        ),
        Case(
            "GroupNormalization",
            by_group,
            [x, drawn(3, seed=1), drawn(3, seed=2)],
            {"num_groups": 3},
            opset=18,
            name="group_norm_18",
        ),
        Case(
            "LayerNormalization",
            lambda v, s, b: functional.layer_norm(v, (4, 5), s, b),
            [x, drawn(4, 5, seed=1), drawn(4, 5, seed=2)],
            {"axis": 2},
        ),
        Case(
            "LRN",
            lambda v: functional.local_response_norm(v, 3, 0.3, 0.6, 1.2),
            [x],
            {"size": 3, "alpha": 0.3, "beta": 0.6, "bias": 1.2},
        ),
    ]


def resizes() -> list[Case]:
    x = drawn(2, 3, 5, 6)

    def to(mode: str, *size: int, **given: Any) -> Function:
        return lambda v: functional.interpolate(v, size=size, mode=mode, **given)

    twice = np.array([1, 1, 2, 2], np.float32)
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}

    def sized(*size: int) -> dict[int, Array]:
        return {3: whole(2, 3, *size)}

    return [
        Case("Resize", to("nearest", 10, 12), [x], nearest, constants={2: twice}),
        Case(
            "Resize",
            to("bilinear", 9, 4),
            [x],
            {"mode": "linear"},
            constants=sized(9, 4),
            name="resize_linear",
        ),
        Case(
            "Resize",
            to("bicubic", 9, 11),
            [x],
            {"mode": "cubic"},
            constants=sized(9, 11),
            name="resize_cubic",
        ),
        Case(
            "Resize",
            to("bilinear", 9, 4, align_corners=True),
            [x],
            {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
            constants=sized(9, 4),
            name="resize_corners",
        ),
        Case("Upsample", to("nearest", 10, 12), [x], {"mode": "nearest"}, opset=9, constants={1: twice}),
        Case(
            "AffineGrid",
            lambda t: functional.affine_grid(t, [2, 3, 4, 5], align_corners=False),
            [drawn(2, 2, 3)],
            constants={1: whole(2, 3, 4, 5)},
        ),
    ]
