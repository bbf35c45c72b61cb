"""ONNX Runtime's messages become one sentence."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from helpers.onnx_models import image_model
from limner.errors import LimnerError
from limner.look.look import read_look
from limner.look.session import short_message


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
