"""A tiny look made without training, and a classifier, which is not a look."""

import json
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PIXELS = 64

LIVE = {
    "brightness": {"label": "Brightness", "min": -0.5, "max": 0.5, "default": 0},
    "contrast": {"label": "Contrast", "min": 0, "max": 2, "default": 1},
    "detail": {"label": "Detail", "min": 0, "max": 1, "default": 0},
}


def _constant(name: str, value: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)


def tiny_look(
    name: str = "Tiny", *, live: tuple[str, ...] = ("brightness", "contrast"), bare: bool = False
) -> bytes:
    """A look with a grey guide (a 1x1 convolution) and a warm painting (a 3x3 convolution).

    A bare one paints the same, but has no metadata, no guide output and no live inputs.
    """
    live = () if bare else live
    paint = np.zeros((3, 1, 3, 3), dtype=np.float32)
    paint[:, 0, 1, 1] = 1.2
    paint[0, 0, 0, 0] = 0.2
    nodes = [
        helper.make_node("Conv", ["image", "grey_weight"], ["grey"], name="grey"),
        helper.make_node("Sub", ["grey", "half"], ["centred"], name="centre"),
        helper.make_node("Mul", ["centred", "contrast"], ["stretched"], name="stretch"),
        helper.make_node("Mul", ["stretched", "detail"], ["detailed"], name="detail"),
        helper.make_node("Add", ["stretched", "detailed"], ["sharp"], name="sharpen"),
        helper.make_node("Add", ["sharp", "half"], ["lifted"], name="lift"),
        helper.make_node("Add", ["lifted", "brightness"], ["lit"], name="light"),
        helper.make_node("Clip", ["lit", "zero", "one"], ["guide"], name="clip"),
        helper.make_node("Mul", ["guide", "two"], ["doubled"], name="double"),
        helper.make_node("Sub", ["doubled", "one"], ["shown"], name="show"),
        helper.make_node(
            "Conv", ["shown", "paint_weight", "paint_bias"], ["raw"], pads=[1, 1, 1, 1], name="paint"
        ),
        helper.make_node("Tanh", ["raw"], ["signed"], name="tanh"),
        helper.make_node("Mul", ["signed", "half"], ["halved"], name="halve"),
        helper.make_node("Add", ["halved", "half"], ["painting"], name="raise"),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs=[
            helper.make_tensor_value_info("image", floats, [1, 3, PIXELS, PIXELS]),
            *(helper.make_tensor_value_info(name, floats, []) for name in live),
        ],
        outputs=[
            helper.make_tensor_value_info("painting", floats, [1, 3, PIXELS, PIXELS]),
            *([] if bare else [helper.make_tensor_value_info("guide", floats, [1, 1, PIXELS, PIXELS])]),
        ],
        initializer=[
            *(_constant(name, control["default"]) for name, control in LIVE.items()),
            _constant("half", 0.5),
            _constant("zero", 0.0),
            _constant("one", 1.0),
            _constant("two", 2.0),
            _constant("grey_weight", np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)),
            _constant("paint_weight", paint),
            _constant("paint_bias", [0.4, 0.1, -0.3]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    meta = {
        "format": "1",
        "name": name,
        "author": "A. Painter",
        "credit": "Made by a test from nothing",
        "licence": "CC0",
        "pixels": str(PIXELS),
        "size": "tiny",
        "guide": "grey",
        "live": json.dumps({name: LIVE[name] for name in live}),
        "recipe": "{}",
        "figures": "{}",
    }
    if not bare:
        helper.set_model_props(model, {f"limner.{key}": value for key, value in meta.items()})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def classifier() -> bytes:
    """A valid ONNX file that is not a look: it computes ten numbers from a picture."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["data"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weight"], ["scores"]),
        ],
        "classifier",
        inputs=[helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 32, 32])],
        outputs=[helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10])],
        initializer=[_constant("weight", np.ones((3, 10)))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    return bytes(model.SerializeToString())
