"""Looks with random weights, as the export writes them, and ONNX Runtime's outputs for them.

`full` and `lean` with the guide `levels` have the form of today's export, the others that of 0.1. They are
written by hand, so that the web's tests need neither torch nor limner. `tests/export/test_compact_looks.py`
compares them with the export.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

COMPACT = {"full": (96, (64, 32, 16)), "lean": (48, (32, 16, 8))}
"""Channels of the compact networks up to 32 pixels, and after each doubling above."""

CELLS = 32
"""Cells along a side of the guide `levels`."""

SPREADS = {"full": 0.19, "lean": 0.02}
"""Spread at which auto-levels aim; half floats do not resolve the squares of the smaller one."""

SHAPES = {"lean": (16, 64, 7), "small": (4, 512, 8), "medium": (8, 512, 8), "large": (64, 512, 8)}
LIVE = {
    "brightness": (-0.5, 0.5, 0.0),
    "contrast": (0.0, 3.0, 1.0),
    "detail": (0.0, 1.0, 0.0),
    "levels": (0.0, 1.0, 1.0),
}
"""Detail is a live input of the soft guide of 0.1 alone."""


LOOKS = [
    ("lean", 256, "float32", "soft"),
    ("lean", 256, "uint8", "soft"),
    ("lean", 256, "uint8", "levels"),
    ("full", 256, "uint8", "levels"),
    ("lean", 64, "float16", "edges"),
    ("lean", 64, "uint16", "colour"),
    ("lean", 512, "uint8", "edges"),
    ("small", 256, "uint8", "soft"),
    ("medium", 256, "uint8", "soft"),
    ("large", 256, "uint8", "soft"),
]


class Graph:
    """Collects nodes and constants; each method returns the name of its output."""

    def __init__(self, seed: int, storage: str) -> None:
        self.random = np.random.default_rng(seed)
        self.storage = storage
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: Array | NDArray[np.generic]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def node(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, inputs, [name], name=f"{op}_{len(self.nodes)}", **attributes)
        )
        return name

    def weights(self, array: Array, axis: int) -> str:
        if self.storage == "float32":
            return self.constant(array)
        if self.storage == "float16":
            return self.node("Cast", self.constant(array.astype(np.float16)), to=TensorProto.FLOAT)
        most = 255 if self.storage == "uint8" else 65535
        kind = np.uint8 if self.storage == "uint8" else np.uint16
        others = tuple(i for i in range(4) if i != axis)
        low = np.minimum(array.min(axis=others, keepdims=True), 0)
        high = np.maximum(array.max(axis=others, keepdims=True), 0)
        scale = np.maximum((high - low) / most, 1e-12)
        zero = np.round(-low / scale)
        stored = np.clip(np.round(array / scale + zero), 0, most).astype(kind)
        return self.node(
            "DequantizeLinear",
            self.constant(stored),
            self.constant(scale.astype(np.float32).ravel()),
            self.constant(zero.astype(kind).ravel()),
            axis=axis,
        )

    def matrix(self, array: Array) -> str:
        """A matrix of the guide: as float16 where that is exact."""
        if self.storage == "float32" or not np.array_equal(array.astype(np.float16), array):
            return self.constant(array)
        return self.node("Cast", self.constant(array.astype(np.float16)), to=TensorProto.FLOAT)

    def edge_convolution(self, image: str, channels: tuple[int, int], stride: int = 1) -> str:
        """3x3, with edge padding."""
        inputs, outputs = channels
        pads = self.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], dtype=np.int64))
        padded = self.node("Pad", image, pads, mode="edge")
        array = self.random.standard_normal((outputs, inputs, 3, 3)) * math.sqrt(2 / (inputs * 9))
        bias = (self.random.standard_normal(outputs) * 0.1).astype(np.float32)
        weights = self.weights(array.astype(np.float32), 0)
        strides: dict[str, Any] = {"strides": [stride, stride]} if stride > 1 else {}
        return self.node("Conv", padded, weights, self.constant(bias), **strides)

    def doubling_convolution(self, image: str, scales: str, channels: tuple[int, int]) -> str:
        """3x3 with edge padding, of the image with each pixel repeated two by two."""
        doubled = self.node(
            "Resize", image, "", scales,
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip
        return self.edge_convolution(doubled, channels)

    def convolution(self, image: str, channels: tuple[int, int], transposed: bool) -> str:
        inputs, outputs = channels
        shape = (inputs, outputs, 4, 4) if transposed else (outputs, inputs, 4, 4)
        gain = math.sqrt(2 / (inputs * (4 if transposed else 16)))
        array = (self.random.standard_normal(shape) * gain).astype(np.float32)
        bias = (self.random.standard_normal(outputs) * 0.1).astype(np.float32)
        op = "ConvTranspose" if transposed else "Conv"
        weights = self.weights(array, 1 if transposed else 0)
        return self.node(op, image, weights, self.constant(bias), strides=[2, 2], pads=[1, 1, 1, 1])


def area_matrix(size: int, cells: int) -> Array:
    edges = np.linspace(0, size, cells + 1)
    pixels = np.arange(size)
    low = np.maximum(edges[:-1, None], pixels[None])
    high = np.minimum(edges[1:, None], pixels[None] + 1)
    matrix: Array = (np.clip(high - low, 0, None) * cells / size).astype(np.float32)
    return matrix


def cubic_matrix(cells: int, size: int) -> Array:
    a, matrix = -0.75, np.zeros((size, cells))
    for row in range(size):
        centre = (row + 0.5) * cells / size - 0.5
        for tap in range(math.floor(centre) - 1, math.floor(centre) + 3):
            x = abs(centre - tap)
            near = (a + 2) * x**3 - (a + 3) * x**2 + 1
            far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
            matrix[row, min(max(tap, 0), cells - 1)] += near if x <= 1 else far
    return matrix.astype(np.float32)


def number(graph: Graph, value: float) -> str:
    return graph.constant(np.array(value, dtype=np.float32))


def coarse_cells(graph: Graph, shade: str, pixels: int) -> str:
    """The means over the cells of a soft guide."""
    down = graph.constant(area_matrix(pixels, round(256 / 24)))
    left = graph.node("MatMul", down, shade)
    return graph.node("MatMul", left, graph.node("Transpose", down, perm=[1, 0]))


def soft_shade(graph: Graph, coarse: str, pixels: int) -> str:
    """The cells enlarged to `pixels`."""
    up = graph.constant(cubic_matrix(round(256 / 24), pixels))
    return graph.node("MatMul", graph.node("MatMul", up, coarse), graph.node("Transpose", up, perm=[1, 0]))


def smoothing_matrix() -> Array:
    places = np.arange(CELLS)
    distance = np.abs(places[:, None] - places) / 1.5
    window = np.where(distance <= 3, np.exp(-0.5 * distance**2), 0)
    matrix: Array = (window / window.sum(1, keepdims=True)).astype(np.float32)
    return matrix


def resample(graph: Graph, matrix: Array, image: str, output: str = "") -> str:
    """The product with `matrix` from the left and with its transpose from the right."""
    stored = graph.matrix(matrix)
    left = graph.node("MatMul", stored, image)
    return graph.node("MatMul", left, graph.node("Transpose", stored, perm=[1, 0]), output=output)


def add_auto_levels(graph: Graph, cells: str, spread: float) -> str:
    """The nodes that move mean and spread of the cells, as `limner.levels` writes them."""
    first, second = (
        graph.constant(np.array(pair, dtype=np.float32).reshape(1, 2, 1, 1)) for pair in ((1, 0), (0, 1))
    )
    centred = graph.node("Sub", cells, number(graph, 0.5))
    factor = graph.node("Add", first, graph.node("Mul", second, centred))
    powers = graph.node("Mul", centred, factor)
    average = graph.matrix(np.full((CELLS, CELLS), 1 / CELLS, dtype=np.float32))
    moments = graph.node("MatMul", graph.node("MatMul", average, powers), average)
    centred, mean, square = (
        graph.node("Conv", *pair) for pair in ((powers, first), (moments, first), (moments, second))
    )
    variance = graph.node("Relu", graph.node("Sub", square, graph.node("Mul", mean, mean)))
    moved = graph.node("Sub", centred, mean)
    curved = graph.node("Mul", variance, number(graph, 8 / 9 / spread**2))
    deviation = graph.node("Sqrt", graph.node("Add", curved, number(graph, 1 / 9)))
    stretched = graph.node("Div", moved, deviation)
    followed = graph.node("Add", stretched, graph.node("Mul", mean, number(graph, 0.6)))
    levelled = graph.node("Add", followed, number(graph, 0.44))
    unchanged = graph.node("Add", centred, number(graph, 0.5))
    return graph.node("Add", unchanged, graph.node("Mul", "levels", graph.node("Sub", levelled, unchanged)))


def add_adjustment(graph: Graph, shade: str, output: str = "") -> str:
    centred = graph.node("Mul", "contrast", graph.node("Sub", shade, number(graph, 0.5)))
    moved = graph.node("Add", centred, graph.node("Add", "brightness", number(graph, 0.5)))
    return graph.node("Clip", moved, number(graph, 0), number(graph, 1), output=output)


def add_guide(graph: Graph, kind: str, pixels: int) -> int:
    """The nodes from `image` to `guide`; returns the guide's channels."""
    shade = "image"
    if kind != "colour":
        luma = np.array([0.299, 0.587, 0.114], dtype=np.float32).reshape(1, 3, 1, 1)
        shade = graph.node("Conv", "image", graph.constant(luma))
    if kind == "soft":
        soft = soft_shade(graph, coarse_cells(graph, shade, pixels), pixels)
        detail = graph.node("Mul", "detail", graph.node("Sub", shade, soft))
        shade = graph.node("Add", soft, detail)
    if kind == "edges":
        pads = graph.constant(np.array([0, 0, 2, 2, 0, 0, 2, 2], dtype=np.int64))
        padded = graph.node("Pad", shade, pads, mode="edge")
        slope = np.array([-1, -2, 0, 2, 1], dtype=np.float32) / 6
        smooth = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
        kernel = np.stack([np.outer(smooth, slope), np.outer(slope, smooth)])[:, None]
        gradient = graph.node("Conv", padded, graph.constant(kernel))
        parts = []
        for at in range(2):
            ends = [graph.constant(np.array([v], dtype=np.int64)) for v in (at, at + 1, 1)]
            part = graph.node("Slice", gradient, *ends)
            parts.append(graph.node("Mul", part, part))
        squares = graph.node("Add", graph.node("Add", *parts), number(graph, 1e-8))
        shade = graph.node("Mul", graph.node("Sqrt", squares), number(graph, 1.5))
    add_adjustment(graph, shade, "guide")
    return 3 if kind == "colour" else 1


def add_generator(graph: Graph, size: str, pixels: int, channels: int) -> None:
    base, cap, levels = SHAPES[size]
    levels += round(math.log2(pixels / 256))
    widths = [min(base * 2**level, cap) for level in range(levels)]
    value = graph.node("Sub", graph.node("Mul", "guide", number(graph, 2)), number(graph, 1))
    skips = []
    for width in widths:
        value = graph.node("LeakyRelu", graph.convolution(value, (channels, width), False), alpha=0.2)
        skips.append(value)
        channels = width
    for skip, width in zip(reversed(skips[:-1]), reversed(widths[:-1]), strict=True):
        value = graph.node("Relu", graph.convolution(value, (channels, width), True))
        value = graph.node("Concat", value, skip, axis=1)
        channels = 2 * width
    value = graph.node("Tanh", graph.convolution(value, (channels, 3), True))
    half = number(graph, 0.5)
    graph.node("Add", graph.node("Mul", value, half), half, output="painting")


def live_names(guide: str) -> list[str]:
    extra = {"levels": ["levels"], "soft": ["detail"]}
    return ["brightness", "contrast", *extra.get(guide, [])]


def add_levelled_guide(graph: Graph, size: str, pixels: int) -> str:
    """The nodes from `image` to `guide`, which people see; returns the guide as the network sees it."""
    luma = np.array([0.299, 0.587, 0.114], dtype=np.float32).reshape(1, 3, 1, 1)
    shade = graph.node("Conv", "image", graph.constant(luma))
    cells = resample(graph, area_matrix(pixels, CELLS), shade)
    cells = add_adjustment(graph, add_auto_levels(graph, cells, SPREADS[size]))
    smoothing = smoothing_matrix()
    seen = resample(graph, smoothing, cells)
    resample(graph, cubic_matrix(CELLS, pixels) @ smoothing, cells, "guide")
    return seen


def add_compact(graph: Graph, size: str, seen: str) -> None:
    """A network that begins with noise at 32 pixels, pads with the edge, and doubles by repeating."""
    inner, outer = COMPACT[size]
    value = graph.node("Sub", graph.node("Mul", seen, number(graph, 2)), number(graph, 1))
    noise = graph.random.standard_normal((1, 1, CELLS, CELLS)).astype(np.float32)
    value = graph.node("Add", value, graph.constant(0.15 * noise))
    skips, channels = [], 1
    for stride in (1, 2, 2, 2):
        value = graph.edge_convolution(value, (channels, inner), stride)
        value = graph.node("LeakyRelu", value, alpha=0.2)
        skips.append(value)
        channels = inner
    scales = graph.constant(np.array([1, 1, 2, 2], dtype=np.float32))
    for skip in skips[-2::-1]:
        value = graph.doubling_convolution(value, scales, (channels, inner))
        value = graph.node("Concat", graph.node("LeakyRelu", value, alpha=0.2), skip, axis=1)
        channels = 2 * inner
    value = graph.node("LeakyRelu", graph.edge_convolution(value, (channels, inner)), alpha=0.2)
    channels = inner
    for width in outer:
        value = graph.doubling_convolution(value, scales, (channels, width))
        value = graph.node("LeakyRelu", value, alpha=0.2)
        channels = width
    value = graph.node("Tanh", graph.edge_convolution(value, (channels, 3)))
    half = number(graph, 0.5)
    graph.node("Add", graph.node("Mul", value, half), half, output="painting")


def make_look(size: str, pixels: int, storage: str, guide: str) -> onnx.ModelProto:
    graph = Graph(7, storage)
    channels = 1
    if guide == "levels":
        add_compact(graph, size, add_levelled_guide(graph, size, pixels))
    else:
        channels = add_guide(graph, guide, pixels)
        add_generator(graph, size, pixels, channels)
    live = {name: LIVE[name] for name in live_names(guide)}
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, pixels, pixels))]
    for name, (_, _, default) in live.items():
        inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ()))
        graph.constants.append(numpy_helper.from_array(np.array(default, dtype=np.float32), name))
    outputs = [
        helper.make_tensor_value_info("painting", TensorProto.FLOAT, (1, 3, pixels, pixels)),
        helper.make_tensor_value_info("guide", TensorProto.FLOAT, (1, channels, pixels, pixels)),
    ]
    made = helper.make_graph(graph.nodes, "look", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    ranges = {
        name: {"label": name.title(), "min": low, "max": high, "default": default}
        for name, (low, high, default) in live.items()
    }
    properties = {
        "limner.format": "1", "limner.name": f"{size} {storage}", "limner.author": "a test",
        "limner.pixels": str(pixels), "limner.size": size, "limner.guide": guide,
        "limner.live": json.dumps(ranges), "limner.figures": json.dumps({"seed": 7}),
    }  # fmt: skip
    helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    return model


def write_unets(folder: Path) -> None:
    listed = []
    for size, pixels, storage, guide in LOOKS:
        name = f"{size}-{pixels}-{storage}-{guide}"
        given = {"brightness": 0.05, "contrast": 1.2, "detail": 0.3, "levels": 0.7}
        live = {key: given[key] for key in live_names(guide)}
        listed.append({"name": name, "size": size, "pixels": pixels, "guide": guide, "live": live})
        model = make_look(size, pixels, storage, guide)
        path = folder / f"{name}.onnx"
        onnx.save(model, path)
        image = np.random.default_rng(3).random((1, 3, pixels, pixels), dtype=np.float32)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        scalars = {key: np.array(value, dtype=np.float32) for key, value in live.items()}
        painting, seen = session.run(["painting", "guide"], {"image": image, **scalars})
        (folder / f"{name}.image").write_bytes(image.tobytes())
        (folder / f"{name}.guide").write_bytes(seen.tobytes())
        (folder / f"{name}.painting").write_bytes(painting.tobytes())
    (folder / "looks.json").write_text(json.dumps(listed))
