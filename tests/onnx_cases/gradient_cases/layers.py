"""Convolutions, pools and products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import PICTURE, Case, drawn, positive


def convolutions() -> list[Case]:
    x, line = drawn(*PICTURE), drawn(2, 4, 11)
    conv, transposed = functional.conv2d, functional.conv_transpose2d
    same = functional.pad

    def strided(v: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return conv(v, w, b, stride=(2, 3), padding=1)

    return [
        Case("Conv", conv, [x, drawn(3, 5, 3, 3, seed=1), drawn(3, seed=2)]),
        Case(
            "Conv",
            strided,
            [x, drawn(4, 5, 3, 3, seed=1), drawn(4, seed=2)],
            {"strides": [2, 3], "pads": [1, 1, 1, 1]},
            name="conv_strided",
        ),
        Case(
            "Conv",
            lambda v, w: conv(v, w, dilation=2, padding=(2, 1)),
            [x, drawn(8, 5, 2, 3, seed=1)],
            {"dilations": [2, 2], "pads": [2, 1, 2, 1]},
            name="conv_dilated",
        ),
        Case(
            "Conv",
            lambda v, w, b: conv(v, w, b, groups=2, stride=2),
            [drawn(2, 6, 7, 6), drawn(4, 3, 2, 3, seed=1), drawn(4, seed=2)],
            {"group": 2, "strides": [2, 2]},
            name="conv_grouped",
        ),
        Case(
            "Conv",
            lambda v, w: conv(v, w, groups=6, padding=1),
            [drawn(2, 6, 7, 6), drawn(6, 1, 3, 3, seed=1)],
            {"group": 6, "pads": [1, 1, 1, 1]},
            name="conv_depthwise",
        ),
        Case(
            "Conv",
            lambda v, w: conv(same(v, (0, 1, 1, 1)), w, stride=(1, 2)),
            [x, drawn(3, 5, 3, 2, seed=1)],
            {"auto_pad": "SAME_UPPER", "strides": [1, 2]},
            name="conv_same",
        ),
        Case(
            "Conv",
            lambda v, w, b: functional.conv1d(v, w, b, stride=2, padding=1),
            [line, drawn(5, 4, 3, seed=1), drawn(5, seed=2)],
            {"strides": [2], "pads": [1, 1]},
            name="conv_of_lines",
        ),
        Case("Conv", conv, [x, drawn(9, 5, 1, 1, seed=1), drawn(9, seed=2)], name="conv_pointwise"),
        Case(
            "ConvTranspose",
            lambda v, w, b: transposed(v, w, b, stride=2, padding=1),
            [x, drawn(5, 3, 4, 4, seed=1), drawn(3, seed=2)],
            {"strides": [2, 2], "pads": [1, 1, 1, 1]},
        ),
        Case(
            "ConvTranspose",
            lambda v, w: transposed(v, w, stride=(3, 2), padding=(1, 0), output_padding=(2, 1)),
            [x, drawn(5, 2, 3, 3, seed=1)],
            {"strides": [3, 2], "pads": [1, 0, 1, 0], "output_padding": [2, 1]},
            name="conv_transpose_padded",
        ),
        Case(
            "ConvTranspose",
            lambda v, w: transposed(v, w, groups=2, dilation=2),
            [drawn(2, 4, 5, 4), drawn(4, 3, 2, 3, seed=1)],
            {"group": 2, "dilations": [2, 2]},
            name="conv_transpose_grouped",
        ),
        Case(
            "ConvTranspose",
            lambda v, w: functional.conv_transpose1d(v, w, stride=2),
            [line, drawn(4, 3, 3, seed=1)],
            {"strides": [2]},
            name="conv_transpose_of_lines",
        ),
    ]


def pools() -> list[Case]:
    x = drawn(*PICTURE)
    tied = np.round(x)
    most = functional.max_pool2d
    window: dict[str, Any] = {"kernel_shape": [3, 2], "strides": [2, 2]}

    def around(v: Tensor) -> Tensor:
        return functional.avg_pool2d(v, (3, 2), 2, (1, 1))

    def within(v: Tensor) -> Tensor:
        return functional.avg_pool2d(v, (3, 2), 2, (1, 1), count_include_pad=False)

    def overlapping(v: Tensor) -> Tensor:
        return most(v, (3, 3), 1, 1)

    def power(v: Tensor) -> Tensor:
        return functional.lp_pool2d(v, 3, (3, 2), 2)

    return [
        Case("MaxPool", lambda v: most(v, (3, 2), 2), [tied], window),
        Case(
            "MaxPool",
            overlapping,
            [tied],
            {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]},
            name="max_pool_overlapping",
        ),
        Case(
            "MaxPool",
            lambda v: most(v, 2, 2, dilation=2, ceil_mode=True),
            [x],
            {"kernel_shape": [2, 2], "strides": [2, 2], "dilations": [2, 2], "ceil_mode": 1},
            name="max_pool_ceil",
        ),
        Case(
            "MaxPool",
            lambda v: functional.max_pool1d(v, 3, 2),
            [drawn(2, 4, 11)],
            {"kernel_shape": [3], "strides": [2]},
            name="max_pool_of_lines",
        ),
        Case("AveragePool", around, [x], {**window, "pads": [1, 1, 1, 1], "count_include_pad": 1}),
        Case("AveragePool", within, [x], {**window, "pads": [1, 1, 1, 1]}, name="average_pool_within"),
        Case("LpPool", power, [positive(*PICTURE)], {**window, "p": 3}),
    ]


def products() -> list[Case]:
    a, b = drawn(4, 5), drawn(5, 3, seed=1)
    c = drawn(3, seed=2)
    return [
        Case("MatMul", torch.matmul, [a, b]),
        Case("MatMul", torch.matmul, [drawn(2, 3, 4, 5), drawn(3, 5, 6, seed=1)], name="matmul_of_batches"),
        Case("MatMul", torch.matmul, [drawn(5), b], name="matmul_of_a_row"),
        Case("MatMul", torch.matmul, [a, drawn(5, seed=3)], name="matmul_of_a_column"),
        Case("Gemm", lambda x, y, z: x @ y + z, [a, b, c]),
        Case(
            "Gemm",
            lambda x, y, z: 0.5 * x.T @ y.T + 2 * z,
            [a.T.copy(), b.T.copy(), drawn(4, 1, seed=4)],
            {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0},
            name="gemm_turned",
        ),
        Case("Gemm", lambda x, y: x @ y.T, [a, b.T.copy()], {"transB": 1}, name="gemm_by_rows"),
    ]
