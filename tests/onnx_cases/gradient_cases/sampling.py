"""Sampling at computed positions."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from onnx_cases.gradient_cases.case import PICTURE, Case, Function, drawn

# ONNX's names, and torch's.
MODES = {"linear": "bilinear", "nearest": "nearest"}


def sampling() -> list[Case]:
    """Some positions are beyond the picture, up to twice its side."""
    x, grid = drawn(*PICTURE), drawn(2, 6, 3, 2, seed=1)

    def sampled(mode: str, padding: str, align: bool) -> Function:
        def function(v: Tensor, positions: Tensor) -> Tensor:
            return functional.grid_sample(v, positions, MODES[mode], padding, align)

        return function

    return [
        Case(
            "GridSample",
            sampled(mode, padding, align),
            [x, grid],
            {"mode": mode, "padding_mode": padding, "align_corners": int(align)},
            name=f"grid_sample_{mode}_{padding}{'_aligned' if align else ''}",
        )
        for mode in MODES
        for padding in ("zeros", "border", "reflection")
        for align in (False, True)
    ]
