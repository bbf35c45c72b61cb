"""ONNX's node tests in the form that the engine can run.

ONNX generates its node tests rather than shipping them, so they are generated here from the installed
version, and the repository stores none of them. They give every array as an input; the engine expects
weights, shapes and the like as constants in the file, so those become initializers. Cases that no float32
engine can run are skipped with a reason. The tests list what the engine refuses; this module only makes
the cases.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

Array = np.ndarray[Any, Any]

# Operators that only training has. The engine gets their integers as floats.
TRAINING = {"Adagrad", "Adam", "Momentum", "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}
# What those are written as, where they are written as functions.
TRAINING_PARTS = {"GatherElements"}
# All inputs are computed.
ALL = TRAINING | {
    "Add", "Concat", "Div", "Equal", "Gemm", "Greater", "GreaterOrEqual", "GridSample",
    "LayerNormalization", "Less", "LessOrEqual", "MatMul", "Max", "Mean", "Min", "Mod", "Mul", "PRelu",
    "Pow", "Sub", "Sum",
}  # fmt: skip
# The first input is computed, the others are constants.
FIRST = {
    "Abs", "AffineGrid", "AveragePool", "BatchNormalization", "Cast", "CastLike", "Ceil", "Celu", "Clip",
    "Conv", "ConvTranspose", "Cos", "DepthToSpace", "Dropout", "Elu", "Erf", "Exp", "Expand", "Flatten",
    "Floor", "Gather", "Gelu",
    "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization", "HardSigmoid", "HardSwish", "Identity",
    "InstanceNormalization", "LRN", "LeakyRelu", "Log", "LogSoftmax", "LpPool", "MaxPool", "Mish", "Neg",
    "Pad", "QuantizeLinear", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp",
    "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape",
    "Resize", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice", "Softmax", "Softplus",
    "Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Swish", "Tanh", "ThresholdedRelu", "Tile",
    "Transpose",
    "Unsqueeze", "Upsample",
}  # fmt: skip
# All inputs are constants.
NONE = {"And", "Constant", "ConstantOfShape", "DequantizeLinear", "Not", "Or", "Range", "Xor"}
# The first input is a constant, the others are computed.
REST = {"Where"}
# Their results are integers, which the engine stores as floats.
WHOLE = {
    "ConstantOfShape", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "QuantizeLinear",
    "Range", "Shape", "Size",
}  # fmt: skip
# They take float16 and return another type.
CASTS = {"Cast", "CastLike"}
# Types that constants may have.
STORED = {
    "bool", "float16", "float32", "float64", "int4", "int8", "int16", "int32", "int64", "uint4", "uint8",
    "uint16",
}  # fmt: skip
FLOATS = {"float16", "float32", "float64"}
INTEGERS = {"int32", "int64"}


def text(array: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=np.float32).tobytes()).decode()


def operator_of(model: ModelProto, case: str, known: dict[str, str]) -> str:
    """The operator that a case tests; an expanded case tests the operator of its unexpanded case."""
    if "_expanded" not in case:
        return str(model.graph.node[0].op_type)
    return known.get(case.split("_expanded", maxsplit=1)[0], "")


def array_of(one: Any) -> Any:
    """An array for a plain number, and for a TensorProto of a type that numpy has."""
    if isinstance(one, onnx.TensorProto):
        stored = helper.tensor_dtype_to_np_dtype(one.data_type).name in STORED
        return numpy_helper.to_array(one) if stored else one
    return np.asarray(one) if np.isscalar(one) else one


def computed_of(op: str, inputs: list[Any]) -> list[int]:
    """Indices of the inputs given to the engine at run time; the others are constants in the file."""
    count = len(inputs) if op in ALL | REST else 0 if op in NONE else 1
    computed = list(range(1 if op in REST else 0, count))
    types = {inputs[i].dtype.name for i in computed if isinstance(inputs[i], np.ndarray)}
    return [] if types and types <= STORED - FLOATS else computed


def reason_to_skip(
    model: ModelProto, op: str, computed: list[Any], constants: list[Any], outputs: list[Any]
) -> str | None:
    """Why the engine cannot run this case; None if it can."""
    arrays = [*computed, *outputs]
    everything = [*arrays, *constants]
    if any(isinstance(one, onnx.TensorProto) for one in everything):
        return "other types than float32"
    if not all(isinstance(one, np.ndarray) for one in everything):
        return "sequences or optional values"
    inner = {node.op_type for node in model.graph.node} - ALL - FIRST - NONE - REST
    if op in TRAINING:
        inner -= TRAINING_PARTS
    runs = {"float32", "float64"}
    given = runs | {"float16"} if op in CASTS else runs | INTEGERS if op in TRAINING else runs
    made = STORED if op in WHOLE else runs if computed or not constants else STORED - {"float16"}
    reasons = {
        f"written out as {', '.join(sorted(inner))}": bool(inner),
        "other types than float32": any(one.dtype.name not in given for one in computed)
        or any(one.dtype.name not in made for one in outputs),
        "constants of types that the reader does not know": any(
            one.dtype.name not in STORED for one in constants
        ),
        "a tensor without elements": any(one.size == 0 for one in arrays)
        or (op not in NONE and not computed and constants[0].size == 0),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def pack_case(case: str, op: str, model: ModelProto, data: Any) -> dict[str, Any]:
    inputs, outputs = ([array_of(one) for one in part] for part in data)
    values = list(model.graph.input)
    places = computed_of(op, inputs)
    computed = [inputs[i] for i in places]
    constants = [one for i, one in enumerate(inputs) if i not in places]
    reason = reason_to_skip(model, op, computed, constants, outputs)
    if reason:
        return {"name": case, "op": op, "skip": reason}
    packed = ModelProto()
    packed.CopyFrom(model)
    del packed.graph.input[:]
    packed.graph.input.extend(values[i] for i in places)
    for opset in packed.opset_import:
        # 7 is the oldest opset that the engine reads; the operators of older cases are the same in it.
        opset.version = max(opset.version, 7)
    if all(opset.domain for opset in packed.opset_import):
        packed.opset_import.append(helper.make_opsetid("", 21))
    converted = {onnx.TensorProto.DOUBLE}
    if op in TRAINING:
        converted |= {onnx.TensorProto.INT32, onnx.TensorProto.INT64}
    for value in packed.graph.input:
        if value.type.tensor_type.elem_type in converted:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    for i, array in enumerate(inputs):
        if i not in places:
            packed.graph.initializer.append(numpy_helper.from_array(array, values[i].name))
    return {
        "name": case,
        "op": op,
        "training": op in TRAINING or case.endswith("training_mode"),
        "model": base64.b64encode(packed.SerializeToString()).decode(),
        "inputs": {values[i].name: text(inputs[i]) for i in places},
        "outputs": {
            value.name: {"dims": list(array.shape), "data": text(array)}
            for value, array in zip(model.graph.output, outputs, strict=True)
        },
    }


def write_nodes(folder: Path) -> None:
    collected = [
        (case.name, case.model, case.data_sets[0])
        for case in collect_testcases(None)
        if case.model is not None and case.data_sets and case.model.graph.node
    ]
    known = {name: model.graph.node[0].op_type for name, model, _ in collected}
    cases = []
    for name, model, data in collected:
        op = operator_of(model, name, known)
        if op in ALL | FIRST | NONE | REST:
            cases.append(pack_case(name, op, model, data))
    cases.sort(key=lambda case: (case["op"], case["name"]))
    (folder / "nodes.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}))
