"""One runtime in Python: a program that `limner bench everywhere` starts and asks.

    python -m limner.bench.everywhere.python_worker

It reads requests and writes answers, one JSON value a line, as the documents in the browser answer
(`web/bench/everywhere/sandbox.ts`). Times are taken here, next to what they measure.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError

Array = NDArray[np.float32]
Run = Callable[[Array], Array]
"""Runs an example, from numbers in memory to numbers in memory."""

Load = Callable[[bytes, dict[str, Any]], Run]
"""Loads a file's content for a request."""

THREADS = 1


@dataclass
class Worker:
    """A network in one runtime, and what it is run on."""

    run: Run
    examples: Sequence[Array]
    pictures: Sequence[Array] = ()
    """Test pictures, which are classified and not timed."""
    distribution: str = ""
    """What pip installs."""
    load_ms: float = 0.0
    next: int = 0
    """The number of the example that the next timed run gets."""

    def time(self, runs: int, milliseconds: float) -> dict[str, Any]:
        """Time so many runs, or as many as fit into the time, but at least one."""
        times: list[float] = []
        cpu = time.process_time()
        began = time.perf_counter()
        while len(times) < runs and (not times or 1000 * (time.perf_counter() - began) < milliseconds):
            started = time.perf_counter()
            self.run(self.examples[self.next])
            times.append(1000 * (time.perf_counter() - started))
            self.next = (self.next + 1) % len(self.examples)
        return {"times": times, "runs": len(times), "cpuMs": 1000 * (time.process_time() - cpu)}


@dataclass(frozen=True)
class Loader:
    """How a runtime loads a network."""

    distribution: str
    """What pip installs."""
    prepare: Callable[[], Load]
    """Imports the library, which is not timed; gives what loads."""


def _prepare_torch() -> Load:
    import torch

    from limner.bench.everywhere.torch_network import read_network

    torch.set_num_threads(THREADS)

    def load(content: bytes, request: dict[str, Any]) -> Run:
        network = read_network(content).requires_grad_(False)
        shape = request["shape"]

        @torch.inference_mode()
        def run(example: Array) -> Array:
            found: Array = network(torch.from_numpy(example.reshape(shape))).numpy()
            return found

        return run

    return load


def _prepare_torch_training() -> Load:
    import torch
    from torch.nn.functional import cross_entropy

    from limner.bench.everywhere.torch_network import read_network

    torch.set_num_threads(THREADS)
    # The first optimizer of a process imports more.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])

    def load(content: bytes, request: dict[str, Any]) -> Run:
        network = read_network(content).train()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        shape = request["shape"]

        def run(example: Array) -> Array:
            pictures = torch.from_numpy(example[: -shape[0]].reshape(shape))
            classes = torch.from_numpy(example[-shape[0] :]).long()
            optimizer.zero_grad()
            loss = cross_entropy(network(pictures), classes)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            return np.array([loss.item()], np.float32)

        return run

    return load


def _prepare_onnxruntime() -> Load:
    import onnxruntime

    def load(content: bytes, request: dict[str, Any]) -> Run:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name, outputs, shape = request["input"], [request["output"]], request["shape"]

        def run(example: Array) -> Array:
            found: Array = session.run(outputs, {name: example.reshape(shape)})[0]
            return found

        return run

    return load


LOADERS = {
    ("torch cpu", False): Loader("torch", _prepare_torch),
    ("torch cpu", True): Loader("torch", _prepare_torch_training),
    ("ONNX Runtime cpu", False): Loader("onnxruntime", _prepare_onnxruntime),
}


def load_network(request: dict[str, Any]) -> Worker:
    """Load the network that is requested."""
    loader = LOADERS[(request["runtime"], request["training"])]
    examples = _read_examples(request["examples"], request["size"])
    pictures = _read_examples(request["pictures"], request["size"]) if request["pictures"] else []
    content = Path(request["onnx"]).read_bytes()
    load = loader.prepare()
    started = time.perf_counter()
    run = load(content, request)
    load_ms = 1000 * (time.perf_counter() - started)
    return Worker(run, examples, pictures, loader.distribution, load_ms)


def _read_examples(path: str, size: int) -> list[Array]:
    """The examples of a file, flat."""
    return list(np.fromfile(path, "<f4").reshape(-1, size))


def installed_bytes(distribution: str) -> int:
    """Bytes of the files that pip installed for a distribution."""
    files = importlib.metadata.files(distribution) or []
    return sum(path.stat().st_size for each in files if (path := Path(str(each.locate()))).is_file())


def _encode(output: Array) -> str:
    return base64.b64encode(output.astype("<f4").tobytes()).decode()


def answer(request: dict[str, Any], worker: Worker | None) -> tuple[dict[str, Any], Worker | None]:
    """The answer to a request, and the worker that answers the next one."""
    if request["kind"] == "load":
        worker = load_network(request)
        version = importlib.metadata.version(worker.distribution)
        facts = {"version": version, "device": "", "threads": THREADS}
        return facts | {"loadMs": worker.load_ms}, worker
    if worker is None:
        raise LimnerError("nothing is loaded")
    match request["kind"]:
        case "run":
            started = time.perf_counter()
            found = worker.run(worker.examples[request["example"]])
            milliseconds = 1000 * (time.perf_counter() - started)
            return {"milliseconds": milliseconds, "output": _encode(found)}, worker
        case "classify":
            first = request["first"]
            given = worker.pictures[first : first + request["count"]]
            return {"output": _encode(np.concatenate([worker.run(each).ravel() for each in given]))}, worker
        case "time":
            return worker.time(request["runs"], request["milliseconds"]), worker
        case _:
            return {"bytes": installed_bytes(worker.distribution)}, worker


def main() -> None:
    """Answer until the input ends."""
    worker: Worker | None = None
    # What libraries print, those in C too, must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        try:
            found, worker = answer(json.loads(line), worker)
        except Exception as error:  # libraries' exceptions share no class
            found = {"error": str(error).splitlines()[0][:300] if str(error) else type(error).__name__}
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
