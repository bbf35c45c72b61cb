"""Operators over whole axes."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from onnx_cases.gradient_cases.case import Case, drawn, positive, whole


def reductions() -> list[Case]:
    x = drawn(2, 5, 4, 3)
    tied = np.round(x)
    zeros = drawn(2, 5, 4, 3)
    zeros[0, 0, 0, 0] = zeros[1, 0, :2, 0] = 0
    axes = [1, 3]

    def product(v: Tensor) -> Tensor:
        return v.prod(1, keepdim=True).prod(3, keepdim=True)

    return [
        Case("ReduceSum", lambda v: v.sum(axes), [x], {"keepdims": 0}, constants={1: whole(*axes)}),
        Case("ReduceMean", lambda v: v.mean(axes, keepdim=True), [x], constants={1: whole(*axes)}),
        Case(
            "ReduceMean",
            lambda v: v.mean(axes, keepdim=True),
            [x],
            {"axes": axes},
            opset=13,
            name="reduce_mean_13",
        ),
        Case("ReduceSum", lambda v: v.sum(), [x], {"keepdims": 0}, name="reduce_all"),
        Case("ReduceMax", lambda v: v.amax(axes, keepdim=True), [tied], constants={1: whole(*axes)}),
        Case("ReduceMin", lambda v: v.amin(axes, keepdim=True), [tied], constants={1: whole(*axes)}),
        Case("ReduceProd", product, [zeros], constants={1: whole(*axes)}),
        Case("ReduceL1", lambda v: v.abs().sum(axes, keepdim=True), [x], constants={1: whole(*axes)}),
        Case("ReduceL2", lambda v: v.norm(dim=axes, keepdim=True), [x], constants={1: whole(*axes)}),
        Case(
            "ReduceLogSum",
            lambda v: v.sum(axes, keepdim=True).log(),
            [positive(2, 5, 4, 3)],
            constants={1: whole(*axes)},
        ),
        Case(
            "ReduceLogSumExp", lambda v: v.logsumexp(axes, keepdim=True), [x], constants={1: whole(*axes)}
        ),
        Case(
            "ReduceSumSquare", lambda v: (v * v).sum(axes, keepdim=True), [x], constants={1: whole(*axes)}
        ),
        Case("GlobalAveragePool", lambda v: v.mean((2, 3), keepdim=True), [x]),
        Case("GlobalMaxPool", lambda v: v.amax((2, 3), keepdim=True), [tied]),
        Case("Softmax", lambda v: v.softmax(1), [x], {"axis": 1}),
        Case(
            "Softmax",
            lambda v: v.flatten(2).softmax(2).reshape(v.shape),
            [x],
            {"axis": 2},
            opset=11,
            name="softmax_11",
        ),
        Case("LogSoftmax", lambda v: v.log_softmax(-1), [x]),
    ]
