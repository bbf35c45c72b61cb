"""Losses of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import Case, drawn, positive, whole


def losses() -> list[Case]:
    targets = whole(2, 0, 4, 1)
    places = np.arange(2 * 3 * 4).reshape(2, 3, 4) % 5
    weights = positive(5, seed=3)
    rows, pictures = drawn(4, 5), drawn(2, 5, 3, 4)

    def given(**options: Any) -> dict[str, Any]:
        weight = options.pop("weight", None)
        known = None if weight is None else torch.tensor(weight).double()
        return {"weight": known, **options}

    def likelihood(v: Tensor, wanted: Any, **options: Any) -> Tensor:
        return functional.nll_loss(v, torch.tensor(wanted), **given(**options))

    def entropy(v: Tensor, wanted: Any, **options: Any) -> Tensor:
        return functional.cross_entropy(v, torch.tensor(wanted), **given(**options))

    def both(v: Tensor) -> tuple[Tensor, Tensor]:
        return entropy(v, places), functional.log_softmax(v, 1)

    loss, crossed = "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"
    return [
        Case(loss, lambda v: likelihood(v, targets), [rows], constants={1: targets}),
        Case(
            loss,
            lambda v: likelihood(v, places, reduction="none", weight=weights),
            [pictures],
            {"reduction": "none"},
            name="nll_none_weighted",
            constants={1: places, 2: weights},
        ),
        Case(
            loss,
            lambda v: likelihood(v, places, weight=weights, ignore_index=2),
            [pictures],
            {"ignore_index": 2},
            name="nll_mean_ignored",
            constants={1: places, 2: weights},
        ),
        Case(crossed, lambda v: entropy(v, targets), [rows], constants={1: targets}),
        Case(
            crossed,
            lambda v: entropy(v, places, reduction="sum", weight=weights, ignore_index=0),
            [pictures],
            {"reduction": "sum", "ignore_index": 0},
            name="cross_entropy_sum_ignored",
            constants={1: places, 2: weights},
        ),
        Case(
            crossed,
            lambda v: entropy(v, targets, reduction="none"),
            [rows],
            {"reduction": "none"},
            name="cross_entropy_none",
            constants={1: targets},
        ),
        Case(crossed, both, [pictures], name="cross_entropy_both", constants={1: places}, outputs=2),
    ]
