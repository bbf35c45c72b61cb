"""Runtimes in processes: Python's and Node's."""

from __future__ import annotations

import sys
from pathlib import Path

from limner.bench import node_process
from limner.bench.json_process import JsonProcess

NODE_PROGRAM = Path(__file__).parents[4] / "web" / "bench" / "everywhere" / "node.mjs"
PYTHON_PROGRAM = "limner.bench.everywhere.python_worker"
TIMEOUT = 300.0
"""Seconds for one answer."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What libraries read when they are imported."""


def start_python() -> JsonProcess:
    """A process for one runtime in Python."""
    return JsonProcess([sys.executable, "-m", PYTHON_PROGRAM], ONE_THREAD, TIMEOUT)


def start_node(package: Path, *, needs_gpu: bool, gpu: bool) -> JsonProcess:
    """A process for one runtime in Node, as `node_process.start_node` starts it."""
    return node_process.start_node(NODE_PROGRAM, package, needs_gpu=needs_gpu, gpu=gpu, timeout=TIMEOUT)
