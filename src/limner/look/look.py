"""Looks: the trained result, one ONNX file, opened and checked.

```python
look = open_look(Path("clouds.onnx"))
painting = look.paint(image, brightness=0.1)  # float32 (P, P, 3) in 0..1, both
```

A look comes from other people. Opening one runs no code and allocates nothing that the file's own size
does not pay for; what is wrong with it is said in a sentence before any runtime sees it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto

from limner.errors import LimnerError
from limner.look.metadata import Metadata, read_metadata
from limner.look.quantization import restored

LARGEST = 512 * 2**20
"""Bytes of the largest file that is opened; the largest look of ours has 218 MB."""

LARGEST_VALUE = 2**30
"""Bytes of the largest value inside a network: 512 pixels and 64 channels take 64 MB."""

LIBRARY_TALK = re.compile(
    r"\[\w+\] : \d+ : \w+ : "  # [ONNXRuntimeError] : 1 : FAIL :
    r"|(?:/[\w.+-]+)+:\d+ "  # /onnxruntime_src/onnxruntime/core/graph/model.cc:182
    r"|(?:[\w:&*~<>,]+ )*\w+(?:::[\w~]+)+\([^)]*\)(?: const)? "  # onnxruntime::Model::Model(...)
)
"""What ONNX Runtime puts before its sentences, for its makers."""

LARGEST_SIDE = 4096
"""Pixels."""

DEFAULT_PIXELS = 256
"""Side of the painting for a network that takes any."""

Image = NDArray[np.float32]
"""(P, P, 3) RGB in 0..1."""


@dataclass(frozen=True, kw_only=True)
class Look(Metadata):
    """An opened look."""

    path: Path
    content: bytes = field(repr=False)
    """The whole file."""
    model: ModelProto = field(repr=False, compare=False)
    """The graph, with the shapes of its values."""

    def session(self) -> Any:
        """A new onnxruntime session on the CPU. Raises LimnerError where it refuses the graph."""
        # Stored weights would be turned to float32 at every picture: two to three times the time.
        return run_session(restored(self.model).SerializeToString(), self.path)

    @cached_property
    def _session(self) -> Any:
        return self.session()

    def paint(self, image: Image, **live: float) -> Image:
        """The painting of `image`, both (P, P, 3) in 0..1; `live` as in `Look.live`."""
        return self.paint_and_guide(image, **live)[0]

    def paint_and_guide(self, image: Image, **live: float) -> tuple[Image, Image]:
        """The painting (P, P, 3) and what the network saw (P, P, 1 or 3), which is the image itself for
        an ONNX file that is not ours.

        Raises LimnerError where a live value is unknown or out of its range, or the image of another size.
        """
        if image.shape != (self.pixels, self.pixels, 3):
            raise LimnerError(
                f"The image has shape {image.shape}; {self.path} paints {self.pixels} pixels."
            )
        feed = {self._input: image.transpose(2, 0, 1)[None].astype(np.float32), **self.live_values(live)}
        try:
            outputs = self._session.run(None, feed)
        except LimnerError:
            raise
        except Exception as error:  # onnxruntime's exceptions share no class
            raise LimnerError(f"{self.path} cannot paint: {_first_line(error)}.") from error
        painting, guide = outputs[0], outputs[1] if self.guide else feed[self._input]
        return _picture(painting), _picture(guide)

    def live_values(self, live: Mapping[str, float]) -> dict[str, NDArray[np.float32]]:
        """Live values as inputs of the graph. Raises LimnerError where one is unknown or out of range."""
        values = {}
        for name, value in live.items():
            if name not in self.live:
                known = ", ".join(self.live) or "none"
                raise LimnerError(f"{self.path} has no {name}; what can be turned: {known}.")
            one = self.live[name]
            if not one.minimum <= value <= one.maximum:  # also refuses NaN
                raise LimnerError(
                    f"{name} is {value:g}; {self.path} takes {one.minimum:g} to {one.maximum:g}."
                )
            values[name] = np.array(value, dtype=np.float32)
        return values

    @property
    def _input(self) -> str:
        return _required_inputs(self.model.graph)[0].name


def open_look(path: Path) -> Look:
    """Read and check a look, or another program's image-to-image ONNX file.

    The latter is fed RGB in 0..1 and its first output taken for RGB in 0..1.
    Raises LimnerError with a sentence for everything that is not such a file.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise LimnerError(f"{path} is a folder; name a look's file.")
        if size > LARGEST:
            raise LimnerError(f"{path} has {size / 1e6:,.0f} MB; a look has at most {LARGEST / 1e6:,.0f}.")
        content = path.read_bytes()
    except OSError as error:
        raise LimnerError(f"{path} cannot be opened: {error.strerror}.") from error
    return read_look(content, path)


def read_look(content: bytes, path: Path) -> Look:
    """As `open_look`, from a file's bytes; `path` is for sentences."""
    try:
        model = _parsed(content)
        metadata = read_metadata(model)
        _check_tensors(model.graph)
        model = _with_shapes(model)
        pixels = _pixels(model.graph)
        if metadata is None:
            metadata = Metadata(pixels=pixels)
        else:
            _check_agreement(metadata, model.graph, pixels)
    except LimnerError as error:
        raise LimnerError(f"{path} {error}.") from error
    return Look(**vars(metadata), path=path, content=content, model=model)


def run_session(content: bytes, path: Path) -> Any:
    """An onnxruntime session on the CPU for an ONNX file's bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # It warns of each input with a default, which are ours on purpose; errors are raised, and said once.
    options.log_severity_level = 4
    # Threads that spin while they wait take the time of others on a small machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no class
        raise LimnerError(f"{path} is refused by ONNX Runtime: {_first_line(error)}.") from error


HEADS = {
    b"PK\x03\x04": "a PyTorch checkpoint or another archive: export the run with `limner export`",
    b"\x80": "a Python pickle, which limner never opens: export the run with `limner export`",
    b"\x89HDF": "a Keras file in HDF5: convert it to ONNX",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def _parsed(content: bytes) -> ModelProto:
    if not content:
        raise LimnerError("is an empty file")
    for head, what in HEADS.items():
        if content.startswith(head):
            raise LimnerError(f"is not a look but {what}")
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RuntimeError, RecursionError) as error:
        raise LimnerError("is not an ONNX file, or it is damaged or cut off") from error
    if not model.graph.node or not model.opset_import:
        raise LimnerError("is not an ONNX file, or it is damaged or cut off")
    return model


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from _tensors_of(attribute)


def _tensors_of(attribute: AttributeProto) -> Iterator[TensorProto]:
    yield from [attribute.t, *attribute.tensors]
    yield from (tensor for sparse in attribute.sparse_tensors for tensor in (sparse.values, sparse.indices))
    yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
    for graph in [attribute.g, *attribute.graphs]:
        yield from _tensors(graph)


def _check_tensors(graph: GraphProto) -> None:
    """Hold each constant's declared size against the bytes that are there, before anything allocates."""
    for tensor in _tensors(graph):
        name = tensor.name[:60]
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise LimnerError(f"keeps {name} in another file; a look is one file")
        if any(dim < 0 for dim in tensor.dims):
            raise LimnerError(f"declares a negative size for {name}: it is damaged")
        elements = math.prod(tensor.dims)
        # Two elements of four bits to a byte is the densest that there is.
        if tensor.dims and elements > 2 * tensor.ByteSize():
            raise LimnerError(
                f"declares {elements:,} values for {name} and does not hold them: it is damaged"
            )


def _with_shapes(model: ModelProto) -> ModelProto:
    try:
        onnx.checker.check_model(model)
        shaped = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise LimnerError(f"is not valid ONNX: {_first_line(error)}") from error
    except (RuntimeError, ValueError, MemoryError) as error:
        raise LimnerError(f"cannot be understood: {_first_line(error)}") from error
    for value in [*shaped.graph.input, *shaped.graph.output, *shaped.graph.value_info]:
        size = 4 * math.prod(max(dim, 1) for dim in value_shape(value))
        if size > LARGEST_VALUE:
            raise LimnerError(
                f"needs {size / 1e9:,.1f} GB for {value.name[:60]} alone, more than a look may"
            )
    return shaped


def value_shape(value: ValueInfoProto) -> list[int]:
    """A value's shape; 0 for what is decided when it runs."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _required_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    defaults = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in defaults]


def _pixels(graph: GraphProto) -> int:
    """The side of the square that the network paints; it must take and give one RGB image."""
    inputs = _required_inputs(graph)
    if len(inputs) != 1 or not graph.output:
        raise LimnerError(f"takes {len(inputs)} inputs; a look takes one image")
    takes, gives = value_shape(inputs[0]), value_shape(graph.output[0])
    for verb, value, shape in (("takes", inputs[0], takes), ("gives", graph.output[0], gives)):
        is_image = len(shape) == 4 and shape[0] in {0, 1} and shape[1] in {0, 3}
        if not is_image or value.type.tensor_type.elem_type != TensorProto.FLOAT:
            raise LimnerError(
                f"is not an image-to-image network: it {verb} {_words(value, shape)}, "
                "not an RGB image (1, 3, height, width) in float32"
            )
    height, width = takes[2:]
    if height != width:
        raise LimnerError(f"takes images of {width} x {height} pixels; a look's are square")
    if height > LARGEST_SIDE:
        raise LimnerError(f"takes images of {height:,} pixels a side; a look has at most {LARGEST_SIDE:,}")
    return height or DEFAULT_PIXELS


def _words(value: ValueInfoProto, shape: list[int]) -> str:
    kind = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    return f"({', '.join(str(size or '?') for size in shape)}) in {kind}"


def _check_agreement(metadata: Metadata, graph: GraphProto, pixels: int) -> None:
    """What the metadata says must be what the graph is."""
    live = {value.name for value in graph.input} - {_required_inputs(graph)[0].name}
    names = [value.name for value in graph.output]
    if metadata.pixels != pixels or set(metadata.live) != live or names != ["painting", "guide"]:
        raise LimnerError("says other things of itself than its graph does: export it again")


def _picture(output: NDArray[np.float32]) -> Image:
    """(1, C, P, P) of any values to (P, P, C) in 0..1."""
    picture: Image = np.nan_to_num(output[0].transpose(1, 2, 0)).clip(0, 1).astype(np.float32)
    return picture


def _first_line(error: Exception) -> str:
    """What a library says, without its brackets, codes, source files and addresses of functions."""
    lines = LIBRARY_TALK.sub("", str(error)[:2000]).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].strip().rstrip(".")
