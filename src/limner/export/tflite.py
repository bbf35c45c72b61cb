"""Write a network for LiteRT (formerly TensorFlow Lite), for the bench of LiteRT.js and the engine.

It is for benchmarks only, not for publishing: weights are float32, and the live inputs are constants. It
needs the schema from the package `ai-edge-litert` (`limner[bench]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnx import ModelProto

from limner.errors import LimnerError
from limner.export.nhwc.graph import NhwcGraph, to_nhwc
from limner.export.nhwc.network import network_to_nhwc
from limner.export.nhwc.operations import MatMul
from limner.export.tflite_operators import OperatorWriter
from limner.files import atomic_write
from limner.look.look import Look


def write_tflite(look: Look, path: Path) -> None:
    """Write `look` to `path`. The model maps a picture to a painting: both (1, P, P, 3), RGB in 0..1.

    Raises LimnerError if the look cannot be expressed, the package is missing, or writing fails.
    """
    schema = _schema()
    try:
        graph = to_nhwc(look.model, live=False)
    except LimnerError as error:
        raise LimnerError(f"{look.path.name}: {error}") from error
    atomic_write(path, _file(schema, graph, graph.outputs[:1], look.name))


def write_tflite_network(model: ModelProto, path: Path, *, name: str) -> None:
    """Write a network that is no look, such as a classifier of `limner lab`, to `path`.

    The model maps (1, H, W, C), or (1, features), to all outputs of the ONNX file, such as (1, classes).
    `name` is that of the ONNX file. Raises LimnerError if the network cannot be expressed, the package is
    missing, or writing fails.
    """
    schema = _schema()
    try:
        graph = network_to_nhwc(model)
    except LimnerError as error:
        raise LimnerError(f"{name}: {error}") from error
    atomic_write(path, _file(schema, graph, graph.outputs, name))


def _file(schema: Any, graph: NhwcGraph, outputs: Sequence[str], name: str) -> bytes:
    # Planes are (H, W) in the graph. Here they are images with one row, which every delegate accepts.
    products = [op for op in graph.ops if isinstance(op, MatMul)]
    planes = {value for op in products for value in (op.output, op.inputs[op.plane])}
    shapes = {value: (1, 1, *shape) if value in planes else shape for value, shape in graph.shapes.items()}
    writer = OperatorWriter(schema, shapes, graph.constants)
    for op in graph.ops:
        writer.add_op(op)
    return writer.file(graph.image, outputs, name)


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise LimnerError(
            "Writing a .tflite file needs the package ai-edge-litert: pip install 'limner[bench]'."
        ) from error
    return schema_py_generated
