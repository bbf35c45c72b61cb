"""Stored weights are close to the exact ones, and an ONNX runtime reads them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from helpers.looks import graph, recipe
from helpers.onnx_models import image_model
from limner.errors import LimnerError
from limner.export.torch_export import infer_and_check
from limner.look.look import read_look
from limner.look.quantization import dequantize, dequantize_weights, quantize, quantize_weights
from limner.look.session import make_session
from limner.look.storage import STORAGES, Storage


def weight(seed: int = 0) -> NDArray[np.float32]:
    """(5, 4, 3, 3): channels of very different ranges, some of one sign, one of zeros, one sparse."""
    values = np.random.default_rng(seed).normal(size=(5, 4, 3, 3)).astype(np.float32)
    values[0] *= 1e-6
    values[1] = np.abs(values[1]) + 5
    values[2] = -np.abs(values[2]) * 1e4
    values[3] = 0
    values[4, :, 1] = 0
    return values


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("storage", ["uint8", "uint16"])
def test_weights_are_within_half_a_scale_of_each_channel(storage: Storage, axis: int) -> None:
    values = np.ascontiguousarray(weight().swapaxes(0, axis))
    integers, scale, zero = quantize(values, axis, storage)
    assert integers.dtype == zero.dtype == np.dtype(storage)
    assert scale.shape == zero.shape == (5,)
    difference = np.abs(dequantize(integers, scale, zero, axis).astype(np.float64) - values)
    largest = difference.swapaxes(0, axis).reshape(5, -1).max(axis=1)
    # Half a scale, and the rounding of float32 itself.
    assert (largest <= scale / 2 * (1 + 1e-3) + 2e-7 * np.abs(values).max()).all()
    assert (largest[[0, 1, 2, 4]] > 0).all()


@pytest.mark.parametrize("storage", ["uint8", "uint16"])
def test_zero_weights_stay_exact(storage: Storage) -> None:
    values = weight()
    integers, scale, zero = quantize(values, 0, storage)
    back = dequantize(integers, scale, zero, 0)
    assert (back[values == 0] == 0).all()
    assert (back[3] == 0).all()


def test_the_scale_of_a_symmetric_channel_is_its_range_over_255() -> None:
    values = np.array([[-1.0, 0.5, 1.0]], dtype=np.float32)
    _, scale, zero = quantize(values, 0, "uint8")
    assert scale[0] == np.float32(2 / 255)
    assert zero[0] in {127, 128}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinite_weights_are_refused(bad: float) -> None:
    values = weight()
    values[0, 0, 0, 0] = bad
    with pytest.raises(LimnerError, match="NaN or infinite"):
        quantize(values, 0, "uint8")


@pytest.mark.parametrize("storage", STORAGES)
def test_a_runtime_paints_the_same_from_stored_and_dequantized_weights(storage: Storage) -> None:
    small = infer_and_check(quantize_weights(graph(recipe()), storage))
    image = np.random.default_rng(1).random((1, 3, 64, 64), dtype=np.float32)
    np.testing.assert_allclose(
        paint(small, image), paint(dequantize_weights(small), image), rtol=0, atol=2e-6
    )


def paint(model: ModelProto, image: NDArray[np.float32]) -> NDArray[np.float32]:
    painting: NDArray[np.float32]
    painting, _ = make_session(model.SerializeToString(), Path("look.onnx")).run(None, {"image": image})
    return painting


BYTES: dict[Storage, int] = {"uint8": 1, "uint16": 2, "float16": 2, "float32": 4}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_size_of_stored_weights(storage: Storage) -> None:
    exact = graph(recipe())
    weights = sum(
        numpy_helper.to_array(tensor).size
        for tensor in exact.graph.initializer
        if tensor.name.endswith("conv.weight")
    )
    saved = exact.ByteSize() - quantize_weights(exact, storage).ByteSize()
    # The guide saves 6 bytes of 8 of `down` and its transpose, the transposes of two others, and half of
    # `average`.
    down, up, smooth = 64 * 32, 64 * 32, 32 * 32
    guide = 0 if storage == "float32" else 6 * down + 4 * up + 4 * smooth + 2 * smooth
    assert saved == pytest.approx(weights * (4 - BYTES[storage]) + guide, rel=0.03, abs=1)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("guide", ["soft", "edges"])
def test_the_guide_and_the_biases_keep_their_values(guide: str, storage: Storage) -> None:
    exact = graph(recipe(guide=guide))  # type: ignore[arg-type]
    back = dequantize_weights(quantize_weights(exact, storage))
    kept = {tensor.name: tensor for tensor in back.graph.initializer}
    same = [
        tensor
        for tensor in exact.graph.initializer
        if tensor.name.startswith("guide.") or tensor.name.endswith("bias")
    ]
    assert len(same) > 10
    assert all(kept[tensor.name] == tensor for tensor in same)


@pytest.mark.parametrize("storage", ["uint8", "uint16", "float16"])
def test_a_matrix_of_the_guide_is_stored_once_and_as_float16_where_that_is_exact(storage: Storage) -> None:
    model = quantize_weights(graph(recipe()), storage)
    stored = {
        tensor.name: (tensor.data_type, list(tensor.dims))
        for tensor in model.graph.initializer
        if tensor.name.startswith("guide.") and len(tensor.dims) == 2
    }
    assert stored == {
        "guide.down.stored": (TensorProto.FLOAT16, [32, 64]),
        "guide.auto_levels.average.stored": (TensorProto.FLOAT16, [32, 32]),
        "guide.smooth": (TensorProto.FLOAT, [32, 32]),
        "guide.up": (TensorProto.FLOAT, [64, 32]),
    }


def test_scales_are_per_output_channel() -> None:
    model = quantize_weights(graph(recipe(upsampling="transposed")), "uint8")
    readers = {node.output[0]: node for node in model.graph.node if node.op_type == "DequantizeLinear"}
    sizes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    found = set()
    for node in model.graph.node:
        if node.op_type in {"Conv", "ConvTranspose"} and node.input[1] in readers:
            reader = readers[node.input[1]]
            axis = reader.attribute[0].i
            assert sizes[reader.input[1]] == [sizes[reader.input[0]][axis]]
            found.add((node.op_type, axis))
    assert found == {("Conv", 0), ("ConvTranspose", 1)}


def test_float16_refuses_weights_that_are_too_large() -> None:
    model = ModelProto()
    model.CopyFrom(graph(recipe()))
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "down.1.conv.weight")
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 1e6, tensor.name))
    with pytest.raises(LimnerError, match=r"down\.1\.conv\.weight do not fit into float16"):
        quantize_weights(model, "float16")


def test_dequantizing_leaves_plain_float32(storage: Storage = "uint8") -> None:
    exact = graph(recipe())
    back = dequantize_weights(quantize_weights(exact, storage))
    assert [node.op_type for node in back.graph.node] == [node.op_type for node in exact.graph.node]
    kinds = {tensor.name: tensor.data_type for tensor in back.graph.initializer}
    assert kinds == {tensor.name: tensor.data_type for tensor in exact.graph.initializer}
    assert {kinds[name] for name in kinds if not name.endswith("pads")} == {TensorProto.FLOAT}


@pytest.mark.parametrize(("axis", "scales"), [(5, 8), (-5, 8), (0, 3), (0, 1), (1, 8)], ids=str)
def test_scales_that_do_not_match_their_weights_are_refused(axis: int, scales: int) -> None:
    model = image_model([1, 3, 64, 64])
    scale = numpy_helper.from_array(np.ones(scales, np.float32), "w.scale")
    zero = numpy_helper.from_array(np.zeros(scales, np.uint8), "w.zero")
    integers = numpy_helper.from_array(np.zeros((8, 3, 1, 1), np.uint8), "w.stored")
    model.graph.initializer.extend([integers, scale, zero])
    names = ["w.stored", "w.scale", "w.zero"]
    model.graph.node.append(helper.make_node("DequantizeLinear", names, ["w"], axis=axis))
    with pytest.raises(LimnerError, match=r"clouds\.onnx.*damaged|The weights of w cannot be read"):
        read_look(model.SerializeToString(), Path("clouds.onnx")).session()
