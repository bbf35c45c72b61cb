"""A classifier's graph in NHWC: for one picture, with batch norms inside the convolutions."""

from __future__ import annotations

import onnx
from onnx import ModelProto
from onnx.shape_inference import InferenceError
from onnxscript.rewriter import RewriteRuleSet, rewrite
from onnxscript.rewriter.rules.common import fuse_batchnorm_into_conv_rule

from limner.errors import LimnerError
from limner.export.nhwc.graph import NhwcGraph, to_nhwc
from limner.look.quantization import dequantize_weights
from limner.look.session import short_message
from limner.look.validation import required_inputs, value_shape


def network_to_nhwc(model: ModelProto) -> NhwcGraph:
    """Convert a network such as `limner lab` writes: (N, C, H, W) or (N, features) to one or more outputs.

    N becomes 1. Batch norm after a convolution becomes part of it, as in TensorFlow's own converter. Raises
    LimnerError where the network has several inputs or no fixed size, or something else that cannot be
    expressed.
    """
    fused: ModelProto = rewrite(
        dequantize_weights(model), pattern_rewrite_rules=RewriteRuleSet([fuse_batchnorm_into_conv_rule])
    )
    return to_nhwc(_for_one_picture(fused), live=False)


def _for_one_picture(model: ModelProto) -> ModelProto:
    """The model with a batch of 1, and with the shapes that follow from it."""
    inputs = required_inputs(model.graph)
    if len(inputs) != 1:
        raise LimnerError(f"It takes {len(inputs)} inputs, and TensorFlow's formats are written for one.")
    (value,) = inputs
    shape = value_shape(value)
    if shape[:1] not in ([0], [1]):
        raise LimnerError(
            f"Its input {value.name} has shape {shape}: export it for a batch of 1, or for any."
        )
    value.type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    try:
        return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except InferenceError as error:
        raise LimnerError(f"Its shapes cannot be inferred: {short_message(error)}.") from error
