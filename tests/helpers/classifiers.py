"""Classifiers with weights as after training, and a small network of all operators, as ONNX models."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import nn

from limner.bench.everywhere.models import TRAINED
from limner.lab.export import make_model
from limner.lab.scaled import ScaledRegression, scale_pictures
from limner.lab.sources import DRAWN_TITLE
from limner.networks.classifiers.catalog import CLASSIFIERS, REGRESSIONS

PIXELS = 28


@cache
def classifier(name: str, channels: int = 3) -> ModelProto:
    """A classifier as `limner lab` exports it, with pictures of 0..1 and scores of about 1."""
    torch.manual_seed(3)
    network = CLASSIFIERS[name](channels, PIXELS)
    pictures = torch.randint(0, 256, (16, channels, PIXELS, PIXELS), dtype=torch.uint8)
    scaled = scale_pictures(network, pictures)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.2)
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics become those of the pictures
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
    with torch.no_grad():
        scaled.train()(pictures.float())
    return make_model(scaled.eval(), pictures, "0..1")


def with_about(model: ModelProto, about: dict[str, Any]) -> ModelProto:
    """A copy with the metadata of `limner lab`."""
    copy = ModelProto()
    copy.CopyFrom(model)
    helper.set_model_props(copy, {"limner.lab": json.dumps(about)})
    return copy


def learned_drawn_digits(path: Path) -> Path:
    """Write the LeNet that is shipped, as one that has learned drawn digits: it knows most of them."""
    model = onnx.load(TRAINED)
    about = json.loads(next(each.value for each in model.metadata_props if each.key == "limner.lab"))
    onnx.save(with_about(model, about | {"data": DRAWN_TITLE}), path)
    return path


def regression(name: str) -> ModelProto:
    """A network of one number, as `limner lab cars` exports it."""
    torch.manual_seed(3)
    values, targets = torch.linspace(40, 230, 9)[:, None], torch.linspace(40, 10, 9)[:, None]
    network = ScaledRegression(REGRESSIONS[name](), values, targets)
    return make_model(network.eval(), values, "0..1")


def network_of(
    nodes: list[NodeProto],
    constants: dict[str, np.ndarray],
    outputs: list[str],
    shape: tuple[int | str, ...] = ("batch", 6, 9, 7),
    opset: int = 21,
) -> ModelProto:
    """A network from `x` of this shape; its outputs' shapes are not given."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def all_operators() -> ModelProto:
    """Every operator of classifiers with many of its attributes, each to an output of its own.

    Names have colons, as torch's exporter wrote them.
    """
    rng = np.random.default_rng(6)

    def random(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    constants = {
        "onnx::depthwise": random(12, 1, 3, 3),
        "onnx::depthwise_bias": random(12),
        "plain": random(5, 6, 3, 2),
        "gemm": random(378, 8),
        "gemm_bias": random(1, 8),
        "product": random(378, 4),
        "transposed": random(4, 6),
        "norm_scale": random(6) + 1,
        "norm_shift": random(6),
        "norm_mean": random(6),
        "norm_variance": np.abs(random(6)) + 0.5,
        "zero": np.array(0, np.float32),
        "six": np.array(6, np.float32),
        "low": np.array(-0.5, np.float32),
        "row": np.array([1, -1], np.int64),
        "axes": np.array([2, 3], np.int64),
        "start": np.array([1, -6], np.int64),
        "end": np.array([2**62, -1], np.int64),
        "slice_axes": np.array([2, -1], np.int64),
        "steps": np.array([2, 3], np.int64),
        "pads": np.array([0, 2, 1, 0, 0, 1, 0, 3], np.int64),
        "border": np.array(0.75, np.float32),
        "factors": random(6, 1, 1),
        "seven": np.array(7, np.float32),
    }
    nodes: list[NodeProto] = []
    outputs: list[str] = []

    def add(kind: str, inputs: list[str], name: str, *, is_output: bool = True, **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        if is_output:
            outputs.append(name)

    depthwise = ["x", "onnx::depthwise", "onnx::depthwise_bias"]
    add("Conv", depthwise, "onnx::wide", is_output=False, group=6, strides=[2, 2], pads=[1, 1, 1, 1])
    add("Clip", ["onnx::wide", "zero", "six"], "relu6")
    add("Conv", ["x", "onnx::depthwise"], "depthwise", group=6, pads=[0, 2, 1, 0])
    add("Conv", ["x", "plain"], "plain_conv", strides=[1, 2], pads=[2, 0, 1, 1])
    pools: dict[str, dict[str, Any]] = {
        "rounded_down": {"pads": [1, 1, 1, 1]},
        "rounded_up": {"ceil_mode": 1},
        "rounded_up_and_padded": {"pads": [1, 0, 0, 1], "ceil_mode": 1},
        "same": {"strides": [1, 1], "pads": [1, 1, 1, 1]},
        "uneven": {"kernel_shape": [2, 3], "strides": [3, 2], "pads": [1, 0, 0, 2]},
    }
    for name, given in pools.items():
        add("MaxPool", ["x"], name, **{"kernel_shape": [3, 3], "strides": [2, 2], **given})
    add("AveragePool", ["x"], "average", kernel_shape=[2, 2], strides=[2, 2])
    add("AveragePool", ["x"], "average_same", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    add("AveragePool", ["x"], "average_zeros", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    add("GlobalAveragePool", ["x"], "global")
    add("Softmax", ["global"], "probabilities", axis=1)
    add("Squeeze", ["global", "axes"], "squeezed")
    add("ReduceMean", ["x", "axes"], "mean", keepdims=0)
    add("LRN", ["x"], "normalized", size=3, alpha=0.3, beta=0.6, bias=1.5)
    norm = ["norm_scale", "norm_shift", "norm_mean", "norm_variance"]
    add("BatchNormalization", ["x", *norm], "batch_norm", epsilon=1e-3)
    add("Slice", ["x", "start", "end", "slice_axes", "steps"], "sliced")
    add("Pad", ["x", "pads", "border"], "padded")
    add("Clip", ["x", "low", "six"], "clipped")
    add("Gelu", ["x"], "gelu")
    add("Sigmoid", ["x"], "sigmoid")
    add("Mul", ["x", "factors"], "scaled")
    add("Dropout", ["x"], "kept", is_output=False)
    add("Concat", ["kept", "gelu"], "both", axis=1)
    add("Flatten", ["kept"], "flat", is_output=False)
    add("Relu", ["flat"], "flat_relu", is_output=False)
    add("Gemm", ["flat_relu", "gemm", "gemm_bias"], "linear", is_output=False, alpha=0.5, beta=2.0)
    add("Relu", ["linear"], "units")
    add("Reshape", ["x", "row"], "reshaped", is_output=False)
    add("MatMul", ["reshaped", "product"], "multiplied", is_output=False)
    add("Div", ["multiplied", "seven"], "divided")
    add("Gemm", ["mean", "transposed"], "without_bias", is_output=False, transB=1)
    add("Softmax", ["without_bias"], "chances")
    return network_of(nodes, constants, outputs)
