"""Packs the engine's test cases: ONNX's node tests, U-Nets, other networks, one network in every opset.

python tests/onnx_cases/pack.py web/.cache nodes
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from onnx_cases.branches import write_branches
from onnx_cases.descent import write_descent
from onnx_cases.doublings import write_doublings
from onnx_cases.dreams import write_dreams
from onnx_cases.exports import write_exports
from onnx_cases.filters import write_filters
from onnx_cases.folding import write_folding
from onnx_cases.gradients import write_gradients
from onnx_cases.initializers import write_initializers
from onnx_cases.networks import NETWORKS
from onnx_cases.nodes import write_nodes
from onnx_cases.normalizations import write_normalizations
from onnx_cases.opsets import write_opsets
from onnx_cases.optimizers import write_optimizers
from onnx_cases.schedules import write_schedules
from onnx_cases.state import write_state
from onnx_cases.styles import write_styles
from onnx_cases.training import write_training
from onnx_cases.unets import write_unets
from onnx_cases.writing import write_networks

PARTS: dict[str, Callable[[Path], None]] = {
    "branches": write_branches,
    "descent": write_descent,
    "doublings": write_doublings,
    "dreams": write_dreams,
    "exports": write_exports,
    "filters": write_filters,
    "folding": write_folding,
    "gradients": write_gradients,
    "initializers": write_initializers,
    "networks": partial(write_networks, networks=NETWORKS, listing="networks"),
    "nodes": write_nodes,
    "normalizations": write_normalizations,
    "opsets": write_opsets,
    "optimizers": write_optimizers,
    "schedules": write_schedules,
    "state": write_state,
    "styles": write_styles,
    "training": write_training,
    "unets": write_unets,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for part in sys.argv[2:] or sorted(PARTS):
        PARTS[part](folder)


if __name__ == "__main__":
    main()
