"""Files that are not looks are refused in one sentence, before any runtime reads them."""

import pickle

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from helpers.onnx_models import image_model, refusal
from helpers.strangers import LFS_POINTER


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is an empty file"),
        (pickle.dumps(Bomb(), protocol=2), "a Python pickle, which limner never opens"),
        (pickle.dumps(Bomb(), protocol=5), "a Python pickle, which limner never opens"),
        (b"PK\x03\x04" + b"0" * 100, "a PyTorch checkpoint or another archive"),
        (b"\x89PNG\r\n" + b"0" * 100, "a picture"),
        (LFS_POINTER, "Git LFS's pointer to the file: run `git lfs pull`, or download it from the site"),
        (b"this is a text about looks\n" * 10, "is not an ONNX file"),
    ],
)
def test_files_of_other_formats_are_named(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (image_model([1, 3]), "is not an image-to-image network: it returns (1, 3) in float"),
        (image_model([1, 10, 8, 8], input_shape=[1, 10, 8, 8]), "it takes (1, 10, 8, 8) in float"),
        (image_model([1, 3, 8, 8], input_shape=[1, 3, 8, 8], dtype=TensorProto.DOUBLE), "in double"),
        (image_model([1, 3, 8192, 8192], input_shape=[1, 3, 8192, 8192]), "at most 4,096"),
        (image_model([1, 3, 10**6, 10**6], input_shape=[1, 3, 10**6, 10**6]), "needs 12,000.0 GB"),
    ],
)
def test_networks_that_are_not_image_to_image_are_refused(model: ModelProto, sentence: str) -> None:
    assert sentence in refusal(model.SerializeToString())


def with_constant(tensor: TensorProto) -> bytes:
    model = image_model([1, 3, 64, 64])
    model.graph.initializer.append(tensor)
    return bytes(model.SerializeToString())


def test_declared_sizes_larger_than_the_file_are_refused() -> None:
    huge = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    huge.dims[:] = [2**20, 2**20, 2**10]
    assert "declares 1,125,899,906,842,624 values for w but does not contain them" in refusal(
        with_constant(huge)
    )
    huge.dims[:] = [-4]
    assert "negative size" in refusal(with_constant(huge))
    with_node = image_model([1, 3, 64, 64])
    node = helper.make_node(
        "Constant", [], ["unread"], value=numpy_helper.from_array(np.zeros(4, np.float32))
    )
    node.attribute[0].t.dims[:] = [2**40]
    with_node.graph.node.append(node)
    assert "does not contain them" in refusal(with_node.SerializeToString())


@pytest.mark.parametrize("kind", [TensorProto.INT4, TensorProto.UINT4])
def test_values_of_four_bits_fill_their_bytes(kind: TensorProto.DataType) -> None:
    typed = helper.make_tensor("w", kind, [81], [1] * 81)
    raw = numpy_helper.from_array(numpy_helper.to_array(typed), "w")
    assert (len(typed.int32_data), len(raw.raw_data)) == (41, 41)
    for tensor in (typed, raw):
        for elements in (79, 80, 83):
            tensor.dims[:] = [elements]
            sentence = f"declares {elements} values of four bits for w and holds 41 bytes"
            assert sentence in refusal(with_constant(tensor))


def test_weights_in_another_file_are_refused() -> None:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    assert "keeps w in another file" in refusal(with_constant(tensor))
