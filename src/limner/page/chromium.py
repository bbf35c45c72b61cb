"""Run the engine in a real browser, to check a look with the code that visitors will run.

This needs playwright and a Chromium. People who only publish looks may have neither: then the check is
skipped, and the caller reports it. WebGPU runs on Chromium's software GPU, so that the result is the same
on every machine; it says nothing about speed.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError

Tensors = dict[str, NDArray[np.float32]]

ASSETS = Path(__file__).parents[1] / "_web" / "assets"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ANY_GPU = (
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
)
FLAGS = (
    *ANY_GPU,
    "--use-angle=swiftshader",
    "--use-vulkan=swiftshader",
    "--use-webgpu-adapter=swiftshader",
)
"""Flags that select Chromium's software GPU."""

ORIGIN = "http://localhost/"
"""Never contacted: `_answer` handles every request. WebGPU needs a secure context, and localhost is one."""

RUN = """async ([tools, inputs, patience]) => {
  const { readLook, createPainter, EngineError } = await import(tools);
  const run = async () => {
    const file = await (await fetch('/look.onnx')).arrayBuffer();
    const painter = await createPainter(await readLook(new Uint8Array(file)), { precision: 'float32' });
    const floats = {};
    for (const [name, text] of Object.entries(inputs)) {
      floats[name] = new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    }
    const outputs = {};
    for (const [name, values] of Object.entries(await painter.run(floats))) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      let text = '';
      for (let i = 0; i < bytes.length; i += 32768) {
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
      }
      outputs[name] = btoa(text);
    }
    return { outputs };
  };
  const late = new Promise((done) => setTimeout(() => done({ late: true }), patience));
  return Promise.race([run(), late]).catch((error) => {
    if (error instanceof EngineError) return { refused: error.message };
    throw error;
  });
}"""


def find_chromium() -> str | None:
    """The path of a Chromium: LIMNER_CHROMIUM, or the first one on the PATH; None if there is none."""
    return os.environ.get("LIMNER_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class BrowserUnavailable(Exception):
    """No browser could run the engine; the message is the end of a sentence."""


def run_engine(look: bytes, inputs: Mapping[str, NDArray[np.float32]], seconds: float = 240) -> Tensors:
    """Run the engine on WebGPU and return the look's outputs, flattened. `inputs` are keyed by graph input.

    Raises BrowserUnavailable if there is no browser, or if it does not start, crashes, or takes longer than
    `seconds`. Raises LimnerError with the engine's message if the engine refuses the look.
    """
    encoded = {
        name: base64.b64encode(np.ascontiguousarray(value, np.float32).tobytes()).decode()
        for name, value in inputs.items()
    }
    answer = evaluate(RUN, look, encoded, seconds * 1000)
    if answer.get("late"):
        raise BrowserUnavailable(f"it took longer than {seconds:.0f} s")
    if "refused" in answer:
        raise LimnerError(f"The engine refuses the look: {answer['refused']}")
    outputs: dict[str, str] = answer["outputs"]
    return {name: np.frombuffer(base64.b64decode(text), np.float32) for name, text in outputs.items()}


def evaluate(script: str, look: bytes, *arguments: Any, module: Path | None = None) -> Any:
    """What a JavaScript function returns in a page that has a module, and the look at /look.onnx.

    The function gets a list: the module's address, and `arguments`. The module is by default the engine.
    Raises BrowserUnavailable as `open_page` does, and if the page is not built.
    """
    module = module or tools_file()
    if module is None:
        raise BrowserUnavailable("the page is not built")
    folder = module.parent
    with open_page(FLAGS) as page:
        page.route("**/*", lambda route: _answer(route, look, folder))
        page.goto(ORIGIN)
        return page.evaluate(script, [f"/assets/{module.name}", *arguments])


def tools_file() -> Path | None:
    """The module of the built page that exports the engine's API."""
    return next(ASSETS.glob("tools-*.js"), None)


@contextmanager
def open_page(flags: Sequence[str]) -> Iterator[Any]:
    """Open a playwright page in a fresh headless Chromium, which is closed at the end of the block.

    Raises BrowserUnavailable if there is no Chromium, if it fails, or if an operation on the page fails.
    """
    path = find_chromium()
    if path is None:
        raise BrowserUnavailable("there is no Chromium")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise BrowserUnavailable("playwright for Python is not installed") from error
    try:
        with sync_playwright() as playwright:
            # Chromium does not start as root with a sandbox. Without one it opens limner's pages only.
            is_root = hasattr(os, "geteuid") and os.geteuid() == 0
            browser = playwright.chromium.launch(
                executable_path=path, args=list(flags), chromium_sandbox=not is_root
            )
            yield browser.new_page()
            browser.close()
    except Error as error:
        raise BrowserUnavailable(f"the browser failed ({error.message.splitlines()[0]})") from error


def _answer(route: Any, look: bytes, assets: Path) -> None:
    """Answer a request with the look, a module in the folder `assets`, or an empty page."""
    path = route.request.url.removeprefix(ORIGIN)
    if path == "look.onnx":
        route.fulfill(body=look, content_type="application/octet-stream")
    elif path.startswith("assets/") and (assets / Path(path).name).is_file():
        route.fulfill(body=(assets / Path(path).name).read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(body="<title>limner</title>", content_type="text/html")
