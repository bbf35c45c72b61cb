"""limner's engine in Node, as a rival in the browser benchmark.

The program (`web/bench/node.mjs`) paints with `@limner/engine/node` and npm's `webgpu`. The bench's page
asks it, so that it takes its turns in the same rounds as the engines in the browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.bench.environment import is_software_gpu
from limner.bench.json_process import Json, JsonProcess, Unavailable
from limner.bench.node_process import start_node

PROGRAM = Path(__file__).parents[3] / "web" / "bench" / "node.mjs"
TIMEOUT = 600.0
"""Seconds for one answer. The page waits as long for any engine."""


class NodeEngine:
    """One look in a process of Node, which the first request starts."""

    def __init__(self, look: Path, package: Path, *, gpu: bool) -> None:
        self._look = look
        self._package = package
        self._gpu = gpu
        self._process: JsonProcess | None = None

    def ask(self, request: Json) -> Json:
        """The program's answer to a request of the page; if there is none, `error` with the reason."""
        if request["kind"] == "close":
            self.close()
            return {}
        try:
            self._process = self._process or start_node(
                *(PROGRAM, self._package, str(self._look)), needs_gpu=True, gpu=self._gpu, timeout=TIMEOUT
            )
            answer = self._process.ask(request)
        except Unavailable as error:
            return {"error": str(error)}
        if self._gpu and is_software_gpu(answer.get("adapter", "")):
            return {"error": f"Node computes on the CPU here ({answer['adapter']})"}
        return answer

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.close()
            self._process = None


@contextmanager
def open_node(look: Path, package: Path, *, gpu: bool) -> Iterator[NodeEngine]:
    """Node with `look`, an ONNX file, until the end of the block; `package` is the folder of the built
    @limner/engine. With `gpu` it computes on the machine's GPU, else on Chromium's software GPU."""
    engine = NodeEngine(look, package, gpu=gpu)
    try:
        yield engine
    finally:
        engine.close()
