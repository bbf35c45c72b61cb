"""ONNX Runtime's sums are exact, and its messages become one sentence."""

from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from helpers.onnx_models import image_model
from limner.errors import LimnerError
from limner.look.look import read_look
from limner.look.session import make_session, short_message


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "[ONNXRuntimeError] : 1 : FAIL : /onnxruntime_src/onnxruntime/core/graph/model_load_utils.h:46 "
            "void onnxruntime::model_load_utils::ValidateOpsetForDomain(const std::unordered_map<std::"
            "__cxx11::basic_string<char>, int>&, bool, int) Opset 99 is under development.\nMore.",
            "Opset 99 is under development",
        ),
        ("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Protobuf parsing failed.", "Protobuf parsing failed"),
        ("Node (a/b) takes [1, 3]: too few (of 2)", "Node (a/b) takes [1, 3]: too few (of 2)"),
    ],
)
def test_codes_source_files_and_functions_are_left_out(message: str, sentence: str) -> None:
    assert short_message(RuntimeError(message)) == sentence


def test_a_network_that_the_runtime_refuses_raises_one_sentence() -> None:
    model = image_model([1, 3, 64, 64])
    model.graph.node[0].domain = "example.org"
    model.opset_import.append(helper.make_opsetid("example.org", 1))
    look = read_look(model.SerializeToString(), Path("dyn.onnx"))
    with pytest.raises(LimnerError, match=r"^dyn\.onnx is refused by ONNX Runtime: Fatal error: example"):
        look.paint(np.zeros((64, 64, 3), np.float32))


FLOAT_NODES = (
    helper.make_node("DequantizeLinear", ["stored", "byte", "zero"], ["value"]),
    helper.make_node("DequantizeLinear", ["weights", "step", "signed zero"], ["read"]),
    helper.make_node("Conv", ["value", "read"], ["out"]),
    helper.make_node("QuantizeLinear", ["out", "sum", "zero"], ["rounded"]),
)
INTEGER_NODES = (
    helper.make_node(
        "QLinearConv",
        ["stored", "byte", "zero", "weights", "step", "signed zero", "sum", "zero"],
        ["rounded"],
    ),
)


@pytest.mark.parametrize("nodes", [FLOAT_NODES, INTEGER_NODES], ids=["floats", "integers"])
def test_sums_of_products_of_bytes_do_not_saturate(nodes: tuple[NodeProto, ...]) -> None:
    # On CPUs that have AVX2 but no VNNI they do by default; elsewhere this cannot fail.
    channels, pixels = 16, 8
    constants: dict[str, np.ndarray] = {
        "byte": np.array(1 / 255, np.float32),
        "step": np.array(1 / 127, np.float32),
        "sum": np.array(channels / 255, np.float32),
        "zero": np.array(0, np.uint8),
        "signed zero": np.array(0, np.int8),
        "weights": np.full((channels, channels, 1, 1), 127, np.int8),
    }
    shape = [1, channels, pixels, pixels]
    graph = helper.make_graph(
        [
            helper.make_node("QuantizeLinear", ["image", "byte", "zero"], ["stored"]),
            *nodes,
            helper.make_node("DequantizeLinear", ["rounded", "sum", "zero"], ["painting"]),
        ],
        "bytes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("painting", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = make_session(model.SerializeToString(), Path("bytes.onnx"))
    [painting] = session.run(None, {"image": np.ones(shape, np.float32)})
    np.testing.assert_allclose(painting, channels, rtol=1e-6)
