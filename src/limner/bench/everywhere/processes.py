"""Runtimes in processes: Python's and Node's. Requests and answers are one JSON value a line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer

from limner.bench.everywhere.runtimes import Json, Unavailable
from limner.bench.node_engine import software_gpu

NODE_PROGRAM = Path(__file__).parents[4] / "web" / "bench" / "everywhere" / "node.mjs"
PYTHON_PROGRAM = "limner.bench.everywhere.python_worker"
TIMEOUT = 300.0
"""Seconds for one answer."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What libraries read when they are imported."""


class Process:
    """A process that answers."""

    def __init__(
        self, command: Sequence[str], variables: Mapping[str, str], timeout: float = TIMEOUT
    ) -> None:
        self._timeout = timeout
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | dict(variables),
            encoding="utf-8",
            errors="replace",
        )

    def ask(self, request: Json) -> Json:
        """The answer. Raises Unavailable with the reason where there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = Timer(self._timeout, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            is_late = not timer.is_alive()
            timer.cancel()
        if not line:
            reason = f"no answer within {self._timeout:.0f} s" if is_late else self._last_words()
            raise Unavailable(f"its process ended ({reason})")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise Unavailable(f"its process did not answer in JSON ({line.strip()[:100]!r})") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"its process did not answer with an object ({line.strip()[:100]!r})")
        if "error" in answer:
            raise Unavailable(str(answer["error"]).rstrip("."))
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        errors = [line for line in lines if re.match(r"\w*Error\b", line)]
        return (errors or lines or ["it says nothing"])[-1][:200]


def start_python() -> Process:
    """A process for one runtime in Python."""
    return Process([sys.executable, "-m", PYTHON_PROGRAM], ONE_THREAD)


def start_node(package: Path, *, needs_gpu: bool, gpu: bool) -> Process:
    """A process for one runtime in Node; `package` is the folder of the built @limner/engine.

    If it needs a GPU, it gets the machine's with `gpu`, else Chromium's software GPU. Raises Unavailable.
    """
    node = shutil.which("node")
    if node is None:
        raise Unavailable("Node was not found")
    if not (package / "node.js").is_file():
        raise Unavailable("@limner/engine is not built: run `npm run bench:build` in web/")
    variables = software_gpu() if needs_gpu and not gpu else {}
    if variables is None:
        raise Unavailable("Node cannot use Chromium's software GPU here; with --gpu it uses the machine's")
    return Process([node, str(NODE_PROGRAM), str(package)], variables)
