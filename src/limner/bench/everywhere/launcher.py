"""Launches runtimes for one network: in processes of Python and Node, and in tabs of a fresh browser."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from limner.bench.browser import PACKAGE
from limner.bench.environment import cpu_name, is_software_gpu
from limner.bench.everywhere.accuracy import AccuracySet
from limner.bench.everywhere.browser import FILES, Browser, open_browser
from limner.bench.everywhere.examples import Examples
from limner.bench.everywhere.models import Model
from limner.bench.everywhere.processes import start_node, start_python
from limner.bench.everywhere.runtimes import Connection, Runtime
from limner.bench.everywhere.tfjs_files import write_tfjs_files
from limner.bench.json_process import Json, Unavailable
from limner.export.tfjs import MODEL
from limner.page.chromium import BrowserUnavailable

ONNX = "network.onnx"
TFJS = "tfjs"


class Launcher:
    """Launches the runtimes of one network. As a context manager, it ends the browser."""

    def __init__(
        self,
        model: Model,
        examples: Examples,
        accuracy_set: AccuracySet | None,
        files: Path,
        page: Path,
        *,
        gpu: bool,
    ) -> None:
        """`files` is the folder of what is run, and on what; `page` is the built bench."""
        self._stack = ExitStack()
        self._is_training = model.is_training
        self._package = page / PACKAGE
        self._gpu = gpu
        onnx = files / ONNX
        shutil.copyfile(model.path, onnx)
        pictures = accuracy_set.path if accuracy_set else None
        self._paths = {"onnx": onnx, "examples": examples.path, "pictures": pictures}
        self._tfjs_refusal = None if model.is_training else write_tfjs_files(onnx, files / TFJS)
        self._browser: Browser | None = None
        self._browser_refusal = ""
        try:
            self._browser = self._stack.enter_context(open_browser(page, files, gpu=gpu))
        except BrowserUnavailable as error:
            self._browser_refusal = str(error)

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A browser that failed has been told in the rows.
        with suppress(BrowserUnavailable):
            self._stack.__exit__(kind, error, trace)

    @property
    def browser_version(self) -> str | None:
        """The browser's name and version; None where there is none."""
        return self._browser.version if self._browser else None

    def open(self, runtime: Runtime) -> tuple[Connection, Json]:
        """A connection to the runtime, and where it finds the files. Raises Unavailable."""
        files = {name: str(path) if path else None for name, path in self._paths.items()}
        match runtime.platform:
            case "python":
                return _OnDevice(start_python(), cpu_name()), files
            case "node":
                process = start_node(self._package, needs_gpu=runtime.has_gpu, gpu=self._gpu)
                return self._on_device(process, runtime, ""), files
            case "browser":
                return self._open_tab(runtime)

    def _open_tab(self, runtime: Runtime) -> tuple[Connection, Json]:
        if self._browser is None:
            raise Unavailable(self._browser_refusal)
        files = {name: f"./{FILES}/{path.name}" if path else None for name, path in self._paths.items()}
        # Those that train are told LeNet's layers, and read the weights alone.
        is_tfjs = runtime.library == "TensorFlow.js" and not self._is_training
        if is_tfjs and self._tfjs_refusal:
            raise Unavailable(self._tfjs_refusal)
        adapter = self._browser.adapters["WebGPU" if runtime.backend == "webgpu" else "WebGL"]
        tab = self._browser.open_tab()
        connection = self._on_device(tab, runtime, adapter)
        return connection, files | {"tfjs": f"./{FILES}/{TFJS}/{MODEL}" if is_tfjs else None}

    def _on_device(self, connection: Connection, runtime: Runtime, adapter: str) -> Connection:
        if not runtime.has_gpu:
            return _OnDevice(connection, cpu_name())
        return _OnDevice(connection, adapter, is_gpu=True, refuses_software=self._gpu)


class _OnDevice:
    """A connection that tells the device where the library does not, and whether it is in software."""

    def __init__(
        self, connection: Connection, device: str, *, is_gpu: bool = False, refuses_software: bool = False
    ) -> None:
        self._connection = connection
        self._device = device
        self._is_gpu = is_gpu
        self._refuses_software = refuses_software

    def ask(self, request: Json) -> Json:
        answer = self._connection.ask(request)
        if request["kind"] != "load":
            return answer
        device = (self._is_gpu and answer["device"]) or self._device
        software = self._is_gpu and is_software_gpu(f"{device} {self._device}")
        if software and self._refuses_software:
            raise Unavailable(f"its GPU is computed on the CPU here ({device})")
        return answer | {"device": device, "software": software}

    def close(self) -> None:
        self._connection.close()
