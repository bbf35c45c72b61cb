"""torch's ONNX export, and what all files that limner writes from torch have in common.

The exporter writes a correct graph for a large runtime. Here it is simplified. What a kind of file needs
besides is in the module that writes it: `onnx_graph` for looks, `limner.lab.export` for classifiers.
"""

from __future__ import annotations

import ast
import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence

import onnx
import torch
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper
from onnx_ir.passes import InPlacePass
from onnx_ir.passes import common as passes
from onnxscript import optimizer

from limner import __version__
from limner.look.metadata import PRODUCER

OPSET = 21
"""The first opset whose DequantizeLinear supports uint16."""

IR_VERSION = 10
"""The ONNX file format released with that opset; runtimes of 2024 read it too."""


def run_exporter(
    module: torch.nn.Module,
    examples: Sequence[torch.Tensor],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    simplify: Sequence[InPlacePass] = (),
) -> ModelProto:
    """Trace `module` on `examples`, one for each input, and simplify the graph.

    All sizes are those of the examples. `simplify` are passes that come last.
    """
    with _silence_exporter(), torch.no_grad():
        program = torch.onnx.export(
            module,
            tuple(examples),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            verbose=False,
            optimize=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    # onnxscript's own optimizer simplifies x + 1e-8 to x, which removes the epsilon under a square root.
    optimizer.fold_constants(program.model)
    for each in (
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.RemoveUnusedNodesPass(),
        *simplify,
    ):
        each(program.model)
    exported: ModelProto = program.model_proto
    return exported


@contextlib.contextmanager
def _silence_exporter() -> Iterator[None]:
    """Silence the exporter: its notes on optional packages would look like errors."""
    # Setting a logger's level is not enough: torch would still build its log messages, which takes seconds.
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def layer_path(node: NodeProto) -> str:
    """The path of a node's layer in the module, such as `network.layers.0`; empty if it is of none."""
    scopes: list[str] = next(
        (ast.literal_eval(each.value) for each in node.metadata_props if each.key.endswith(".name_scopes")),
        [],
    )
    return scopes[-2] if len(scopes) > 1 else ""


def unique_name(name: str, taken: set[str]) -> str:
    """`name`, with a number if it is taken; it is taken then."""
    unique, count = name, 2
    while unique in taken:
        unique, count = f"{name}_{count}", count + 1
    taken.add(unique)
    return unique


def float_value(name: str, shape: Sequence[int | str]) -> ValueInfoProto:
    """An input or output in float32; a name in place of a size leaves it open."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def plain_model(
    name: str,
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
    constants: Sequence[TensorProto],
    *,
    opset: int = OPSET,
) -> ModelProto:
    """A model that limner made, of these parts."""
    return helper.make_model(
        helper.make_graph(list(nodes), name, list(inputs), list(outputs), list(constants)),
        producer_name=PRODUCER,
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", opset)],
    )


def infer_and_check(model: ModelProto) -> ModelProto:
    """Infer the shapes of all values and run ONNX's checker."""
    del model.graph.value_info[:]
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    onnx.checker.check_model(model, full_check=True)
    return model
