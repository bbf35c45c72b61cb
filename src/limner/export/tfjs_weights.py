"""Weights as TensorFlow.js stores them.

They are quantized as TensorFlow's converter does it: with one scale and one minimum for a whole weight,
whereas a look has one scale for each output channel (limner.look.quantization).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, numpy_helper

from limner.errors import LimnerError
from limner.export.nhwc.operations import Array
from limner.look.quantization import dequantize_weights, quantizable_weights
from limner.look.storage import Storage


@dataclass(frozen=True)
class QuantizedWeight:
    """A stored weight. Integer `values` are dequantized as `values * scale + minimum`."""

    values: Array
    scale: float = 1.0
    minimum: float = 0.0

    def decode(self) -> Array:
        """The dequantized weight, as TensorFlow.js computes it."""
        if self.values.dtype.kind == "f":
            return self.values.astype(np.float32)
        decoded: Array = (self.values * np.float64(self.scale) + self.minimum).astype(np.float32)
        return decoded

    def quantization(self) -> dict[str, Any]:
        """The quantization entry of the manifest."""
        kind = {"dtype": str(self.values.dtype), "original_dtype": "float32"}
        return (
            kind if self.values.dtype == np.float16 else {**kind, "scale": self.scale, "min": self.minimum}
        )


def quantize_weight(name: str, weight: Array, storage: Storage) -> QuantizedWeight:
    """Quantize a weight (float32) as tfjs' converter does.

    The error is at most half a step. If the weight has both signs, the minimum is a whole number of steps,
    so that 0 stays exact. Raises LimnerError if a weight is not finite or too large for float16.
    """
    if not np.isfinite(weight).all():
        raise LimnerError(f"The weights of {name} are NaN or infinite: the training diverged.")
    if storage == "float32":
        return QuantizedWeight(weight)
    if storage == "float16":
        if np.abs(weight).max() > np.finfo(np.float16).max:
            raise LimnerError(
                f"The weights of {name} do not fit into float16: choose --storage uint8 or float32."
            )
        return QuantizedWeight(weight.astype(np.float16))
    most = np.iinfo(storage).max
    least, greatest = float(weight.min()), float(weight.max())
    scale = (greatest - least) / most or 1.0
    if least <= 0 <= greatest:
        least = -round(-least / scale) * scale
    steps = np.rint((weight.astype(np.float64) - least) / scale).clip(0, most)
    return QuantizedWeight(steps.astype(storage), scale, least)


def with_quantized_weights(model: ModelProto, storage: Storage) -> ModelProto:
    """`model` in float32 with TensorFlow.js' dequantized weights, to run in ONNX Runtime."""
    result = dequantize_weights(model)
    weights = quantizable_weights(result)
    for tensor in result.graph.initializer:
        if tensor.name in weights:
            weight = quantize_weight(tensor.name, numpy_helper.to_array(tensor), storage).decode()
            tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    return result
