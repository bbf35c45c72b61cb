"""The engine in a real browser, for checking a look with what visitors will run.

It needs playwright and a Chromium, which people who only publish looks need not have: where either is
absent the check is left out, and the caller says so. WebGPU runs on Chromium's software GPU, so that the
answer is the same on every machine and says nothing of speed.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[np.float32]]

ASSETS = Path(__file__).parent / "_web" / "assets"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-webgpu",
    "--use-angle=swiftshader",
    "--use-vulkan=swiftshader",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
)
ORIGIN = "http://localhost/"
"""Never reached: every request is answered here. WebGPU wants a secure context, which localhost is."""

RUN = """async ([engine, inputs]) => {
  const { readLook, createPainter } = await import(engine);
  const file = await (await fetch('/look.onnx')).arrayBuffer();
  const painter = await createPainter(readLook(new Uint8Array(file)));
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
  painter.destroy();
  return outputs;
}"""


def chromium() -> str | None:
    """The Chromium of this machine: LIMNER_CHROMIUM, or the first that is found; None without any."""
    return os.environ.get("LIMNER_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def run_engine(
    look: bytes, inputs: Mapping[str, NDArray[np.float32]], timeout: float = 180
) -> Tensors | None:
    """Outputs of the look, flat, by the engine on WebGPU; None where no browser is at hand.

    `inputs` are by the graph's names. `timeout` is in seconds. Raises playwright's errors where the
    engine refuses the look: their message holds the engine's sentence.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    path, engine = chromium(), next(ASSETS.glob("tools-*.js"), None)
    if path is None or engine is None:
        return None
    sandbox = [] if os.name != "posix" or os.geteuid() else ["--no-sandbox"]  # root has no sandbox
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])
        try:
            page = browser.new_page()
            page.set_default_timeout(timeout * 1000)
            page.route("**/*", lambda route: _answer(route, look))
            page.goto(ORIGIN)
            encoded = {
                name: base64.b64encode(np.ascontiguousarray(value, np.float32).tobytes()).decode()
                for name, value in inputs.items()
            }
            outputs = page.evaluate(RUN, [f"/assets/{engine.name}", encoded])
        finally:
            browser.close()
    return {name: np.frombuffer(base64.b64decode(text), np.float32) for name, text in outputs.items()}


def _answer(route: Any, look: bytes) -> None:
    """The look, the built page's assets, and an empty page for everything else."""
    path = route.request.url.removeprefix(ORIGIN)
    if path == "look.onnx":
        route.fulfill(body=look, content_type="application/octet-stream")
    elif path.startswith("assets/") and (ASSETS / Path(path).name).is_file():
        route.fulfill(body=(ASSETS / Path(path).name).read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(body="<title>limner</title>", content_type="text/html")
