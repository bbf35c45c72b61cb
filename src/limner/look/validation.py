"""Checks of an ONNX file from a stranger, before any runtime reads it.

No check runs code from the file or allocates more than the file's own size. Each raises LimnerError with a
sentence that continues after the file's name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto

from limner import git_lfs
from limner.errors import LimnerError
from limner.look.metadata import Metadata
from limner.look.session import short_message

MAX_TENSOR_BYTES = 2**30
"""Largest value inside a network, in bytes: 512 pixels and 64 channels take 64 MB."""


MAX_SIDE = 4096
"""Largest side of an image, in pixels."""


FOUR_BITS = {TensorProto.INT4, TensorProto.UINT4}
"""The types whose values lie two to a byte, either in the raw data or one byte to an int32."""


DEFAULT_PIXELS = 256
"""Side of the painting for a network that takes any size."""


OTHER_FORMATS = {
    b"PK\x03\x04": "a PyTorch checkpoint or another archive: export the run with `limner export`",
    b"\x80": "a Python pickle, which limner never opens: export the run with `limner export`",
    b"\x89HDF": "a Keras file in HDF5: convert it to ONNX",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    git_lfs.SIGNATURE: f"{git_lfs.POINTER}: {git_lfs.REMEDY}, or download it from the site",
}


def parse_model(content: bytes) -> ModelProto:
    """Parse the bytes of an ONNX file."""
    if not content:
        raise LimnerError("is an empty file")
    for prefix, description in OTHER_FORMATS.items():
        if content.startswith(prefix):
            raise LimnerError(f"is not a look but {description}")
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RuntimeError, RecursionError) as error:
        raise LimnerError("is not an ONNX file, or it is damaged or cut off") from error
    if not model.graph.node or not model.opset_import:
        raise LimnerError("is not an ONNX file, or it is damaged or cut off")
    return model


def _constant_tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from _attribute_tensors(attribute)


def _attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    yield from [attribute.t, *attribute.tensors]
    yield from (tensor for sparse in attribute.sparse_tensors for tensor in (sparse.values, sparse.indices))
    yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
    for graph in [attribute.g, *attribute.graphs]:
        yield from _constant_tensors(graph)


def check_tensors(graph: GraphProto) -> None:
    """Compare each constant's declared size with the bytes in the file, before anything is allocated."""
    for tensor in _constant_tensors(graph):
        name = tensor.name[:60]
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise LimnerError(f"keeps {name} in another file; a look is one file")
        if any(dim < 0 for dim in tensor.dims):
            raise LimnerError(f"declares a negative size for {name}: it is damaged")
        elements = math.prod(tensor.dims)
        # The densest types pack two elements of four bits into a byte.
        if tensor.dims and elements > 2 * tensor.ByteSize():
            raise LimnerError(
                f"declares {elements:,} values for {name} but does not contain them: it is damaged"
            )
        if tensor.data_type in FOUR_BITS:
            held = len(tensor.raw_data) if tensor.HasField("raw_data") else len(tensor.int32_data)
            if held != (elements + 1) // 2:
                raise LimnerError(
                    f"declares {elements:,} values of four bits for {name} and holds {held:,} bytes: "
                    "it is damaged"
                )


def infer_shapes(model: ModelProto) -> ModelProto:
    """A copy of the model with the shapes of all its values, after ONNX's own checker has accepted it."""
    try:
        onnx.checker.check_model(model)
        shaped = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise LimnerError(f"is not valid ONNX: {short_message(error)}") from error
    except (RuntimeError, ValueError, MemoryError) as error:
        raise LimnerError(f"cannot be understood: {short_message(error)}") from error
    for value in [*shaped.graph.input, *shaped.graph.output, *shaped.graph.value_info]:
        size = 4 * math.prod(max(dim, 1) for dim in value_shape(value))
        if size > MAX_TENSOR_BYTES:
            raise LimnerError(
                f"needs {size / 1e9:,.1f} GB for {value.name[:60]} alone, more than a look may use"
            )
    return shaped


def value_shape(value: ValueInfoProto) -> list[int]:
    """A value's shape; 0 for a dimension that is decided at run time, which some programs write as -1."""
    return [max(dim.dim_value, 0) for dim in value.type.tensor_type.shape.dim]


def required_inputs(graph: GraphProto, state: Collection[str] = ()) -> list[ValueInfoProto]:
    """The inputs without a default, and without those of a look's state."""
    others = {tensor.name for tensor in graph.initializer} | set(state)
    return [value for value in graph.input if value.name not in others]


def required_scalars(graph: GraphProto) -> list[ValueInfoProto]:
    """The scalars in float32 without a default: live inputs, which a page sets to 0 at first."""
    return [value for value in required_inputs(graph) if is_scalar(value)]


def picture_input(graph: GraphProto, state: Collection[str] = ()) -> ValueInfoProto:
    """The only other input that is no such scalar. Raises LimnerError if there is not one."""
    inputs = [value for value in required_inputs(graph, state) if not is_scalar(value)]
    if len(inputs) != 1:
        raise LimnerError(f"takes {len(inputs)} inputs; a look takes one image")
    return inputs[0]


def is_scalar(value: ValueInfoProto) -> bool:
    """Whether it is a single number in float32, as live inputs are."""
    tensor = value.type.tensor_type
    return tensor.elem_type == TensorProto.FLOAT and tensor.HasField("shape") and not tensor.shape.dim


def picture_shape(graph: GraphProto, state: Collection[str] = ()) -> tuple[int, int]:
    """Height and width of what the network paints. Besides its state it must take and return one RGB image.

    An open side takes the length of the other one; where both are open, it is the default. The page's
    engine has the same rule (web/engine/onnx/free-dims.ts).
    """
    picture = picture_input(graph, state)
    if not graph.output:
        raise LimnerError("returns nothing; a look returns one image")
    input_shape, output_shape = value_shape(picture), value_shape(graph.output[0])
    for verb, value, shape in (
        ("takes", picture, input_shape),
        ("returns", graph.output[0], output_shape),
    ):
        is_image = len(shape) == 4 and shape[0] in {0, 1} and shape[1] in {0, 3}
        if not is_image or value.type.tensor_type.elem_type != TensorProto.FLOAT:
            raise LimnerError(
                f"is not an image-to-image network: it {verb} {_describe_tensor(value, shape)}, "
                "not an RGB image (1, 3, height, width) in float32"
            )
    height, width = (side or max(input_shape[2:]) or DEFAULT_PIXELS for side in input_shape[2:])
    if (side := max(height, width)) > MAX_SIDE:
        raise LimnerError(f"takes images of {side:,} pixels a side; a look takes at most {MAX_SIDE:,}")
    return height, width


def describe_size(height: int, width: int) -> str:
    """Such as "256 pixels", or "640 x 480 pixels" where the picture is not square."""
    return f"{width} pixels" if width == height else f"{width} x {height} pixels"


def _describe_tensor(value: ValueInfoProto, shape: list[int]) -> str:
    kind = TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    return f"({', '.join(str(size or '?') for size in shape)}) in {kind}"


def check_agreement(metadata: Metadata, graph: GraphProto, shape: tuple[int, int]) -> None:
    """Check that the metadata describes the graph."""
    state = metadata.state
    live = {value.name for value in graph.input} - {picture_input(graph, state).name} - set(state)
    names = [value.name for value in graph.output]
    pictures = [name for name in names if name == "painting" or name not in state.values()]
    is_expected = pictures == ["painting", "guide"] or (not metadata.guide and pictures == ["painting"])
    if (
        shape != (metadata.pixels,) * 2
        or set(metadata.live) != live
        or names[:1] != ["painting"]
        or not is_expected
    ):
        raise LimnerError("has metadata that does not match its graph: export it again")
