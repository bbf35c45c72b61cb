"""Every differentiable operator, with its gradients by torch in float64."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from onnx_cases.gradient_cases.case import WITH_PARAMETERS, Case, drawn
from onnx_cases.gradient_cases.elementwise import several, unary
from onnx_cases.gradient_cases.layers import convolutions, pools, products
from onnx_cases.gradient_cases.losses import losses
from onnx_cases.gradient_cases.movement import movement, splits
from onnx_cases.gradient_cases.normalizations import normalizations, resizes
from onnx_cases.gradient_cases.reductions import reductions
from onnx_cases.gradient_cases.sampling import sampling
from onnx_cases.unets import Array

CASES = [
    unary,
    several,
    movement,
    splits,
    reductions,
    convolutions,
    pools,
    products,
    normalizations,
    resizes,
    sampling,
    losses,
]


def model_of(case: Case, weights: list[Array]) -> onnx.ModelProto:
    """The loss is the sum of the outputs, each times its weights."""
    names: dict[int, str] = {}
    inputs, constants = [], []
    given = iter(enumerate(case.inputs))
    for index in range(len(case.inputs) + len(case.constants) + 4):
        if index in case.constants:
            names[index] = f"constant_{index}"
            constants.append(numpy_helper.from_array(case.constants[index], names[index]))
        elif (one := next(given, None)) is not None:
            names[index] = f"x{one[0]}"
            if one[0] > 0 and case.op in WITH_PARAMETERS:
                constants.append(numpy_helper.from_array(one[1], names[index]))
            else:
                inputs.append(helper.make_tensor_value_info(names[index], TensorProto.FLOAT, one[1].shape))
    # Resize has inputs that are left out before its sizes; Clip may have no lower bound.
    if case.op == "Resize":
        listed = [names.get(index, "") for index in range(max(names) + 1)]
    elif case.name == "clip_above":
        listed = [names[0], "", names[1]]
    else:
        listed = [names[index] for index in sorted(names)]
    outputs = [f"y{i}" for i in range(case.outputs)]
    nodes = [helper.make_node(case.op, listed, outputs, **case.attributes)]
    parts = []
    for i, factors in enumerate(weights):
        constants.append(numpy_helper.from_array(factors, f"weights_{i}"))
        nodes.append(helper.make_node("Mul", [outputs[i], f"weights_{i}"], [f"weighted_{i}"]))
        if factors.ndim > 0:
            nodes.append(helper.make_node("ReduceSum", [f"weighted_{i}"], [f"sum_{i}"], keepdims=0))
        parts.append(f"sum_{i}" if factors.ndim > 0 else f"weighted_{i}")
    nodes.append(helper.make_node("Sum", parts, ["loss"]))
    loss = helper.make_tensor_value_info("loss", TensorProto.FLOAT, [])
    graph = helper.make_graph(nodes, case.op, inputs, [loss], constants)
    opsets = [helper.make_opsetid("", case.opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10 if case.opset > 20 else 8)
    if case.name != "group_norm_18":  # deprecated, and in many files
        onnx.checker.check_model(model)
    return model


def solve(case: Case) -> tuple[list[Array], list[Array]]:
    """Weights of the outputs, and the gradients by torch in float64. An output of three is left out."""
    given = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in case.inputs]
    made = case.torch(*given)
    outputs = [made] if isinstance(made, Tensor) else list(made)
    weights = [drawn(*one.shape, seed=100 + i) for i, one in enumerate(outputs)]
    used = range(0, len(outputs), 1 if len(outputs) < 3 else 2)
    loss = sum((outputs[i] * torch.tensor(weights[i], dtype=torch.float64)).sum() for i in used)
    assert isinstance(loss, Tensor)
    loss.backward()  # type: ignore[no-untyped-call]
    for i in set(range(len(outputs))) - set(used):
        weights[i] = np.zeros_like(weights[i])
    zeros = [torch.zeros_like(one) if one.grad is None else one.grad for one in given]
    return weights, [one.numpy() for one in zeros]


def write_gradients(folder: Path) -> None:
    listed = []
    for make in CASES:
        for case in make():
            name = f"gradient-{case.name or case.op.lower()}"
            if case.attributes.get("approximate"):
                name += "-tanh"
            weights, gradients = solve(case)
            (folder / f"{name}.onnx").write_bytes(model_of(case, weights).SerializeToString())
            for i, (values, gradient) in enumerate(zip(case.inputs, gradients, strict=True)):
                values.tofile(folder / f"{name}.x{i}")
                gradient.astype(np.float32).tofile(folder / f"{name}.g{i}")
            listed.append({"name": name, "op": case.op, "inputs": len(case.inputs)})
    names = [one["name"] for one in listed]
    assert len(set(names)) == len(names), names
    (folder / "gradients.json").write_text(json.dumps(listed))
