"""Write a look for TensorFlow.js: the delivery format of Murr 2020, for `tf.loadGraphModel`.

```python
write_tfjs(open_look(Path("clouds.onnx")), Path("clouds-tfjs"), "uint8")
```

The folder has a model.json (TensorFlow's graph as JSON, and the position of each weight) and the weights in
files of 4 MB. This module writes it from the look's own graph. It does not use the package `tensorflowjs`,
which installs gigabytes of TensorFlow, has had no release since 2024, and does not read ONNX. It fuses the
same operators as TensorFlow's own converter.

Weights are quantized as that converter does it: with one scale and one minimum for a whole weight, whereas
a look has one scale for each output channel (limner.look.quantization). Biases and the guide stay in
float32.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, numpy_helper

from limner import __version__
from limner.errors import LimnerError
from limner.export.nhwc import (
    Array,
    Binary,
    Clip,
    Concat,
    Convolution,
    Doubling,
    MatMul,
    NhwcGraph,
    NhwcOp,
    Pad,
    Reshape,
    Unary,
    to_nhwc,
)
from limner.files import atomic_folder
from limner.look.look import Look
from limner.look.quantization import dequantize_weights, quantizable_weights
from limner.look.storage import Storage
from limner.reading import read_json
from limner.system_files import is_made_by_file_manager

MODEL = "model.json"
SHARD_NAME = re.compile(r"group1-shard\d+of\d+\.bin")

SHARD = 4 * 2**20
"""Maximum bytes of a weight file, as in tfjs' converter: a size that browsers keep in their cache."""

OPERATIONS = {
    "add": "AddV2",
    "sub": "Sub",
    "mul": "Mul",
    "div": "RealDiv",
    "relu": "Relu",
    "leaky": "LeakyRelu",
    "tanh": "Tanh",
    "sqrt": "Sqrt",
}
"""TensorFlow's operator names."""

Json = dict[str, Any]


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

    def quantization(self) -> Json:
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


def write_tfjs(look: Look, folder: Path, storage: Storage = "float32", *, force: bool = False) -> None:
    """Write `look` into `folder` atomically; an earlier export there is replaced, with `force` any model.

    In TensorFlow.js `model.predict(image)` paints: (1, P, P, 3) to (1, P, P, 3), RGB in 0..1. The live
    inputs are optional, and the guide is a node that can be requested:
    `model.execute({image, brightness}, ["painting", "guide"])`.

    Raises LimnerError if the look cannot be expressed, the folder has other files, or it cannot be written.
    """
    check_output_folder(folder, force=force)
    try:
        graph = to_nhwc(look.model, live=True)
        writer = _Writer(graph, storage, set(quantizable_weights(dequantize_weights(look.model))))
        nodes = writer.nodes()
    except LimnerError as error:
        raise LimnerError(f"{look.path.name}: {error}") from error
    content = b"".join(writer.contents)
    shards = [content[start : start + SHARD] for start in range(0, len(content), SHARD)]
    paths = [f"group1-shard{number}of{len(shards)}.bin" for number in range(1, len(shards) + 1)]
    model = {
        "format": "graph-model",
        "generatedBy": f"limner {__version__}",
        "convertedBy": f"limner {__version__}",
        "signature": {
            "inputs": {graph.image: _signature(graph, graph.image)},
            "outputs": {graph.outputs[0]: _signature(graph, graph.outputs[0])},
        },
        "userDefinedMetadata": _metadata(look),
        # The versions are required, but only appear in `model.modelVersion`.
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1, "minConsumer": 0}},
        "weightsManifest": [{"paths": paths, "weights": writer.manifest}],
    }
    with atomic_folder(folder) as temporary:
        for path, shard in zip(paths, shards, strict=True):
            (temporary / path).write_bytes(shard)
        (temporary / MODEL).write_text(json.dumps(model, ensure_ascii=False), encoding="utf-8")


def check_output_folder(folder: Path, *, force: bool = False) -> None:
    """Raise LimnerError if `folder` is a file, or has files other than those of an earlier export.

    `force` allows another program's model. A folder with other files, except those that file managers make,
    is never replaced.
    """
    if folder.suffix.lower() == ".onnx" or (folder.exists() and not folder.is_dir()):
        raise LimnerError(
            f"TensorFlow.js needs a folder, but {folder} is a file's name: choose another name."
        )
    found = list(folder.iterdir()) if folder.exists() else []
    files = [path for path in found if not (path.is_file() and is_made_by_file_manager(path.name))]
    if not all(map(_has_our_name, files)):
        raise LimnerError(f"{folder} holds other files; give --out an empty or a new folder.")
    if files and not force and not _is_our_model(folder / MODEL):
        raise LimnerError(
            f"{folder} holds a model that limner did not write: give --out an empty or a new folder, or "
            "add --force to replace it."
        )


def _has_our_name(path: Path) -> bool:
    """Whether it is a file of the names in a model's folder, be it ours or another converter's."""
    return path.is_file() and (path.name == MODEL or SHARD_NAME.fullmatch(path.name) is not None)


def _is_our_model(model: Path) -> bool:
    """Whether limner wrote this model.json: other converters use the same file names."""
    try:
        written = read_json(model)
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and str(written.get("generatedBy")).startswith("limner ")


def _signature(graph: NhwcGraph, name: str) -> Json:
    return {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": _shape(graph.shapes[name])}


def _metadata(look: Look) -> Json:
    """The credits and the ranges of the live inputs as JSON values; ONNX metadata has strings only."""
    return {
        **{key: getattr(look, key) for key in ("name", "author", "credit", "licence")},
        **{key: getattr(look, key) for key in ("pixels", "size", "guide")},
        "live": {
            name: {"label": live.label, "min": live.minimum, "max": live.maximum, "default": live.default}
            for name, live in look.live.items()
        },
    }


class _Writer:
    """Converts a graph's operations to TensorFlow's nodes, and collects their weights."""

    def __init__(self, graph: NhwcGraph, storage: Storage, quantizable: set[str]) -> None:
        self.graph = graph
        self.storage = storage
        self.quantizable = quantizable
        """The weights that are stored in `storage`; all other constants stay unchanged."""
        self.manifest: list[Json] = []
        self.contents: list[bytes] = []
        self._nodes: list[Json] = []
        self._written: set[str] = set()

    def nodes(self) -> list[Json]:
        """All nodes; each constant comes before its first reader."""
        self._node(
            "Placeholder",
            self.graph.image,
            [],
            shape={"shape": _shape(self.graph.shapes[self.graph.image])},
        )
        for name, value in self.graph.live.items():
            default = self._constant(f"{name}/default", value)
            self._node("PlaceholderWithDefault", name, [default], shape={"shape": _shape(())})
        for op in self.graph.ops:
            self._add_op(op)
        return self._nodes

    def _add_op(self, op: NhwcOp) -> None:
        match op:
            case Convolution(transposed=False):
                self._convolution(op)
            case Convolution():
                self._transposed_convolution(op)
            case MatMul():
                self._node("MatMul", op.output, self._inputs(op), **_flags("transpose_a", "transpose_b"))
            case Reshape():
                shape = self._integers(f"{op.output}/shape", self.graph.shapes[op.output])
                self._node("Reshape", op.output, [*self._inputs(op), shape])
            case Pad():
                pads = self._integers(f"{op.output}/pads", op.amounts)
                kind, mode = (
                    ("Pad", {}) if op.mode == "constant" else ("MirrorPad", {"mode": _text("SYMMETRIC")})
                )
                self._node(kind, op.output, [*self._inputs(op), pads], **mode)
            case Doubling():
                size = self._integers(f"{op.output}/size", self.graph.shapes[op.output][1:3])
                flags = _flags("align_corners", "half_pixel_centers")
                self._node("ResizeNearestNeighbor", op.output, [*self._inputs(op), size], **flags)
            case Concat():
                axis = self._integers(f"{op.output}/axis", 3)
                count = {"N": {"i": str(len(op.inputs))}}
                self._node("ConcatV2", op.output, [*self._inputs(op), axis], **count)
            case Clip():
                limits = [(f"{op.output}/low", op.low), (f"{op.output}/high", op.high)]
                inputs = [self._constant(name, np.array(limit, dtype=np.float32)) for name, limit in limits]
                self._node("ClipByValue", op.output, [*self._inputs(op), *inputs])
            case Binary() | Unary():
                slope = _slope(op.alpha) if isinstance(op, Unary) else {}
                self._node(OPERATIONS[op.kind], op.output, self._inputs(op), **slope)
            case _:
                raise TypeError(op)

    def _convolution(self, op: Convolution) -> None:
        image, weight, *bias = op.inputs
        inputs = [image, self._weight(weight)]
        attributes = _convolution_attributes(op)
        if op.activation is None and not bias:
            self._node("Conv2D", op.output, inputs, **attributes)
            return
        if bias:
            bias_name = self._constant(bias[0], self.graph.constants[bias[0]])
        else:
            # TensorFlow fuses an activation only after a bias. A zero bias costs less than a separate pass.
            zeros = np.zeros(self.graph.shapes[op.output][3], dtype=np.float32)
            bias_name = self._constant(f"{op.output}/bias", zeros)
        fused = ["BiasAdd"]
        if op.activation:
            fused.append(OPERATIONS[op.activation.kind])
            attributes["leakyrelu_alpha"] = {"f": op.activation.alpha}
        attributes |= {
            "fused_ops": {"list": {"s": [_text(name)["s"] for name in fused]}},
            "num_args": {"i": "1"},
        }
        self._node("_FusedConv2D", op.output, [*inputs, bias_name], **attributes)

    def _transposed_convolution(self, op: Convolution) -> None:
        """Write Conv2DBackpropInput; TensorFlow cannot fuse anything into it."""
        image, weight, *bias = op.inputs
        output = f"{op.output}/image" if bias or op.activation else op.output
        shape = self._integers(f"{op.output}/shape", self.graph.shapes[op.output])
        inputs = [shape, self._weight(weight), image]
        self._node("Conv2DBackpropInput", output, inputs, **_convolution_attributes(op))
        if bias:
            inputs = [output, self._constant(bias[0], self.graph.constants[bias[0]])]
            output = f"{op.output}/biased" if op.activation else op.output
            self._node("AddV2", output, inputs)
        if op.activation:
            slope = _slope(op.activation.alpha)
            self._node(OPERATIONS[op.activation.kind], op.output, [output], **slope)

    def _inputs(self, op: NhwcOp) -> list[str]:
        constants = self.graph.constants
        return [self._constant(name, constants[name]) if name in constants else name for name in op.inputs]

    def _weight(self, name: str) -> str:
        """Write a weight: OIHW to HWIO, or for a transposed convolution IOHW to HWOI."""
        weight = self.graph.constants[name]
        storage = self.storage if name in self.quantizable else "float32"
        stored = quantize_weight(name, weight, storage)
        values = np.ascontiguousarray(stored.values.transpose(2, 3, 1, 0))
        return self._constant(
            name, values, {} if storage == "float32" else {"quantization": stored.quantization()}
        )

    def _integers(self, name: str, values: int | Sequence[Any]) -> str:
        return self._constant(name, np.array(values, dtype=np.int32))

    def _constant(self, name: str, values: Array, quantization: Json | None = None) -> str:
        """Write a constant's node and bytes, once per name."""
        if name not in self._written:
            self._written.add(name)
            kind = "int32" if values.dtype == np.int32 else "float32"
            dtype = "DT_INT32" if kind == "int32" else "DT_FLOAT"
            tensor = {"dtype": dtype, "tensorShape": _shape(values.shape)}
            attributes = {"dtype": {"type": dtype}, "value": {"tensor": tensor}}
            self._nodes.append({"name": name, "op": "Const", "attr": attributes})
            entry = {"name": name, "shape": list(values.shape), "dtype": kind}
            self.manifest.append({**entry, **(quantization or {})})
            self.contents.append(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return name

    def _node(self, kind: str, name: str, inputs: Sequence[str], **attributes: Json) -> None:
        typed = {"dtype" if kind == "Placeholder" else "T": {"type": "DT_FLOAT"}, **attributes}
        self._nodes.append({"name": name, "op": kind, "input": list(inputs), "attr": typed})


def _convolution_attributes(op: Convolution) -> Json:
    return {
        "strides": {"list": {"i": ["1", *map(str, op.stride), "1"]}},
        "dilations": {"list": {"i": ["1"] * 4}},
        "padding": _text("SAME" if op.same_padding else "VALID"),
        "data_format": _text("NHWC"),
    }


def _slope(alpha: float) -> Json:
    return {"alpha": {"f": alpha}} if alpha else {}


def _flags(*names: str) -> Json:
    return {name: {"b": False} for name in names}


def _text(text: str) -> Json:
    return {"s": base64.b64encode(text.encode()).decode()}


def _shape(shape: Sequence[int]) -> Json:
    return {"dim": [{"size": str(side)} for side in shape]}
