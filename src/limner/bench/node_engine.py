"""limner's engine in Node, as a rival in the browser benchmark.

The program (`web/bench/node.mjs`) paints with `@limner/engine/node` and npm's `webgpu`. The bench's page
asks it, so that it takes its turns in the same rounds as the engines in the browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO, Any

from limner.bench.environment import is_software_gpu
from limner.page.chromium import find_chromium

PROGRAM = Path(__file__).parents[3] / "web" / "bench" / "node.mjs"
DRIVER = "vk_swiftshader_icd.json"
TIMEOUT = 600
"""Seconds for one answer. The page waits as long for any engine."""


def software_gpu() -> dict[str, str] | None:
    """The variables with which Node finds Chromium's software GPU, on Linux; None if it cannot."""
    chromium = find_chromium()
    if chromium is None:
        return None
    # Debian starts Chromium by a script that is elsewhere.
    for folder in (Path(chromium).resolve().parent, Path("/usr/lib/chromium")):
        driver = folder / DRIVER
        if driver.is_file() and (folder / "libvulkan.so.1").is_file():
            files = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(driver))
            return files | {"LD_LIBRARY_PATH": str(folder)}
    return None


class NodeEngine:
    """One look in a process of Node, which the first request starts."""

    def __init__(self, look: Path, package: Path, errors: IO[str], *, gpu: bool) -> None:
        self._look = look
        self._package = package
        self._errors = errors
        self._gpu = gpu
        self._process: subprocess.Popen[str] | None = None

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The program's answer to a request of the page; if there is none, `error` with the reason."""
        if request["kind"] == "close":
            self.close()
            return {}
        reason = self._start() if self._process is None else None
        if reason:
            return {"error": reason}
        answer = self._exchange(request)
        if self._gpu and is_software_gpu(answer.get("adapter", "")):
            return {"error": f"Node computes on the CPU here ({answer['adapter']})"}
        return answer

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> str | None:
        """Start the process; returns why it cannot be started."""
        node = shutil.which("node")
        if node is None:
            return "Node was not found"
        if not (self._package / "node.js").is_file():
            return "@limner/engine is not built beside the bench's page: run `npm run bench:build` in web/"
        variables = {} if self._gpu else software_gpu()
        if variables is None:
            return "Node cannot use Chromium's software GPU here; with --gpu it uses that of the machine"
        self._process = subprocess.Popen(
            [node, str(PROGRAM), str(self._package), str(self._look)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | variables,
            encoding="utf-8",
        )
        return None

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        timer = Timer(TIMEOUT, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            return {"error": f"Node ended ({self._last_words()})"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        errors = (line for line in lines if re.match(r"\w*Error\b", line))
        return next(errors, lines[-1] if lines else "it says nothing")


@contextmanager
def open_node(look: Path, package: Path, *, gpu: bool) -> Iterator[NodeEngine]:
    """Node with `look`, an ONNX file, until the end of the block; `package` is the folder of the built
    @limner/engine. With `gpu` it computes on the machine's GPU, else on Chromium's software GPU."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        engine = NodeEngine(look, package, errors, gpu=gpu)
        try:
            yield engine
        finally:
            engine.close()
