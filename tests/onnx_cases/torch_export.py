"""Modules as torch.onnx.export writes them."""

from __future__ import annotations

import io
import warnings
from typing import Any, cast

import onnx

from onnx_cases.network import OPSET


def exported(
    module: Any, height: int, width: int, opset: int = OPSET, *, dynamo: bool = False, **more: Any
) -> onnx.ModelProto:
    """The module as torch.onnx.export writes it."""
    import torch

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (torch.rand(1, 3, height, width),), cast(Any, file), opset_version=opset,
            dynamo=dynamo, input_names=["image"], output_names=["out"], verbose=False, **more,
        )  # fmt: skip
    return onnx.load_from_string(file.getvalue())
