"""Packs what the engine is tested against: ONNX's node tests, and U-Nets with ONNX Runtime's answers.

    python tests/onnx_cases/pack.py web/.cache

ONNX generates its node tests rather than shipping them, so they are generated here, from the version that
is installed, and nothing of it is kept in the repository. The engine takes weights as constants in the
file; node tests give every array as an input, so all inputs but those that are pictures become
initializers here. What the engine does not claim is left out with a reason, which the test prints.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

sys.path.insert(0, str(Path(__file__).parent))
from unets import write_unets

ALL_INPUTS = {
    "Add", "Sub", "Mul", "Div", "Min", "Max", "Pow", "Sum", "Mean", "PRelu", "Concat",
}  # fmt: skip
FIRST_INPUT = {
    "Abs", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Conv", "ConvTranspose",
    "Cos", "DepthToSpace", "Dropout", "Elu", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gelu",
    "GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LeakyRelu",
    "Log", "MatMul", "MaxPool", "Mish", "Neg", "Pad", "Reciprocal", "ReduceMean", "ReduceSum", "Relu",
    "Reshape", "Resize", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Slice", "Softplus", "Softsign",
    "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Swish", "Tanh", "ThresholdedRelu", "Transpose",
    "Unsqueeze", "Upsample", "DequantizeLinear", "Constant", "Shape",
}  # fmt: skip


def text(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()


PICTURES_ONLY = {
    "Conv", "ConvTranspose", "AveragePool", "MaxPool", "BatchNormalization", "InstanceNormalization",
    "GlobalAveragePool",
}  # fmt: skip


def reason_to_skip(model: ModelProto, op: str, inputs: list[Any], outputs: list[Any]) -> str | None:
    """Why the engine is not expected to run this case; None where it is."""
    if len(model.graph.node) != 1:
        return "the operator is written out as a function of others"
    if not all(isinstance(array, np.ndarray) for array in [*inputs, *outputs]):
        return "sequences or optional values"
    pictures = [] if op == "DequantizeLinear" else inputs if op in ALL_INPUTS else inputs[:1]
    reasons = {
        "computes other types than float32": any(a.dtype != np.float32 for a in [*pictures, *outputs]),
        "more than four dimensions": any(a.ndim > 4 for a in [*inputs, *outputs]),
        "a tensor without elements": any(a.size == 0 for a in [*pictures, *outputs]),
        "not 2-D pictures": op in PICTURES_ONLY and inputs[0].ndim != 4,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def pack_case(case: str, model: ModelProto, data: Any) -> dict[str, Any]:
    op = model.graph.node[0].op_type
    inputs, outputs = data
    reason = reason_to_skip(model, op, inputs, outputs)
    if reason:
        return {"name": case, "op": op, "skip": reason}
    constant = ModelProto()
    constant.CopyFrom(model)
    names = [value.name for value in model.graph.input]
    kept = len(names) if op in ALL_INPUTS else 0 if op in {"DequantizeLinear", "Constant"} else 1
    del constant.graph.input[:]
    constant.graph.input.extend(model.graph.input[:kept])
    for name, array in list(zip(names, inputs, strict=True))[kept:]:
        constant.graph.initializer.append(numpy_helper.from_array(array, name))
    return {
        "name": case,
        "op": op,
        "model": base64.b64encode(constant.SerializeToString()).decode(),
        "inputs": {name: text(array) for name, array in list(zip(names, inputs, strict=True))[:kept]},
        "outputs": {
            value.name: {"dims": list(array.shape), "data": text(array)}
            for value, array in zip(model.graph.output, outputs, strict=True)
        },
    }


def pack_nodes(folder: Path) -> None:
    claimed = ALL_INPUTS | FIRST_INPUT
    cases = [
        pack_case(case.name, case.model, case.data_sets[0])
        for case in collect_testcases(None)
        if case.model is not None
        and case.data_sets
        and case.model.graph.node
        and case.model.graph.node[0].op_type in claimed
        and "_expanded" not in case.name
    ]
    (folder / "nodes.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "nodes.json").exists():
        pack_nodes(folder)
    write_unets(folder)


if __name__ == "__main__":
    main()
