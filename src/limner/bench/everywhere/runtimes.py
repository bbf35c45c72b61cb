"""The runtimes of `limner bench everywhere`, and what is asked of each.

A runtime computes in a process or a document of its own, so that libraries do not share threads or global
state. It answers requests: `load` a network, `run` one example, `time` some, tell the `size` of what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from limner.bench.everywhere.rows import Kind, Platform
from limner.bench.json_process import Json

GPU_BACKENDS = ("webgpu", "webgl2", "webgl")


@dataclass(frozen=True)
class Runtime:
    """A library with one of its backends, on a platform."""

    platform: Platform
    library: str
    backend: str

    @property
    def name(self) -> str:
        """What the programs know it by."""
        return f"{self.library} {self.backend}"

    @property
    def label(self) -> str:
        """What people read."""
        return f"{self.library}, {self.backend} ({self.platform.capitalize()})"

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU computes, be it one in software."""
        return self.backend in GPU_BACKENDS


RUNTIMES: dict[Kind, tuple[Runtime, ...]] = {
    "inference": (
        Runtime("python", "torch", "cpu"),
        Runtime("python", "ONNX Runtime", "cpu"),
        Runtime("node", "limner", "webgpu"),
        Runtime("node", "limner", "cpu"),
        Runtime("node", "onnxruntime-node", "cpu"),
        Runtime("node", "ONNX Runtime Web", "wasm"),
        Runtime("browser", "limner", "webgpu"),
        Runtime("browser", "limner", "webgl2"),
        Runtime("browser", "limner", "cpu"),
        Runtime("browser", "ONNX Runtime Web", "webgpu"),
        Runtime("browser", "ONNX Runtime Web", "wasm"),
        Runtime("browser", "TensorFlow.js", "webgpu"),
        Runtime("browser", "TensorFlow.js", "webgl"),
        Runtime("browser", "TensorFlow.js", "wasm"),
        Runtime("browser", "TensorFlow.js", "cpu"),
    ),
    "training": (
        Runtime("python", "torch", "cpu"),
        Runtime("browser", "limner", "webgpu"),
        Runtime("browser", "limner", "webgl2"),
        Runtime("browser", "limner", "cpu"),
        Runtime("browser", "jax-js", "webgpu"),
        Runtime("browser", "jax-js", "wasm"),
        Runtime("browser", "TensorFlow.js", "webgpu"),
        Runtime("browser", "TensorFlow.js", "webgl"),
    ),
}
"""What is measured. tfjs-node is left out: it fetches its build when it is installed, and has none for new
Nodes."""

REFERENCE: dict[Kind, str] = {"inference": "ONNX Runtime cpu", "training": "torch cpu"}
"""The names of those whose outputs the others are compared with; both are in Python."""


class Connection(Protocol):
    """Where a runtime is asked."""

    def ask(self, request: Json) -> Json:
        """The answer. Raises Unavailable with the reason where there is none."""

    def close(self) -> None:
        """End it."""
