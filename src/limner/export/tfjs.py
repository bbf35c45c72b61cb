"""Write a network for TensorFlow.js: the delivery format of Murr 2020, for `tf.loadGraphModel`.

```python
write_tfjs(open_look(Path("clouds.onnx")), Path("clouds-tfjs"), "uint8")
write_tfjs_network(onnx.load("lenet.onnx"), Path("lenet-tfjs"), name="lenet")
```

The folder has a model.json (TensorFlow's graph as JSON, and the position of each weight) and the weights in
files of 4 MB. They are written from the file's own graph. The package `tensorflowjs` is not used: it
installs gigabytes of TensorFlow, has had no release since 2024, and does not read ONNX.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from onnx import ModelProto

from limner import __version__
from limner.errors import LimnerError
from limner.export.nhwc.graph import NhwcGraph, to_nhwc
from limner.export.nhwc.network import network_to_nhwc
from limner.export.tfjs_nodes import Json, NodeWriter, tensor_shape
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
        quantizable = set(quantizable_weights(dequantize_weights(look.model)))
        writer = NodeWriter(graph, storage, quantizable)
        nodes = writer.nodes()
    except LimnerError as error:
        raise LimnerError(f"{look.path.name}: {error}") from error
    _write_folder(folder, _model(writer, nodes, graph.outputs[:1], _metadata(look)), writer.contents)


def write_tfjs_network(model: ModelProto, folder: Path, *, name: str) -> None:
    """Write a network that is no look, such as a classifier of `limner lab`, with weights in float32.

    `name` is that of its file, for errors and the metadata. In TensorFlow.js `model.predict(pictures)` maps
    (1, H, W, C), or (1, features), to (1, classes); if the file has several outputs, to their list. The
    batch is always 1, and values are those of the ONNX file: what it normalizes is normalized here, too.

    Raises LimnerError if the network cannot be expressed, the folder has other files, or it cannot be
    written.
    """
    check_output_folder(folder)
    try:
        graph = network_to_nhwc(model)
        writer = NodeWriter(graph, "float32", set())
        nodes = writer.nodes()
    except LimnerError as error:
        raise LimnerError(f"{name}: {error}") from error
    _write_folder(folder, _model(writer, nodes, graph.outputs, {"name": name}), writer.contents)


def _model(writer: NodeWriter, nodes: list[Json], outputs: tuple[str, ...], metadata: Json) -> Json:
    """model.json without its files of weights; `outputs` are what `model.predict` returns."""
    graph = writer.graph
    return {
        "format": "graph-model",
        "generatedBy": f"limner {__version__}",
        "convertedBy": f"limner {__version__}",
        "signature": {
            "inputs": {graph.image: _signature(graph, graph.image)},
            "outputs": {name: _signature(graph, name) for name in outputs},
        },
        "userDefinedMetadata": metadata,
        # The versions are required, but only appear in `model.modelVersion`.
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1, "minConsumer": 0}},
        "weightsManifest": [{"weights": writer.manifest}],
    }


def _write_folder(folder: Path, model: Json, weights: list[bytes]) -> None:
    content = b"".join(weights)
    shards = [content[start : start + SHARD] for start in range(0, len(content), SHARD)]
    paths = [f"group1-shard{number}of{len(shards)}.bin" for number in range(1, len(shards) + 1)]
    model["weightsManifest"][0]["paths"] = paths
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
    return {"name": f"{name}:0", "dtype": "DT_FLOAT", "tensorShape": tensor_shape(graph.shapes[name])}


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
