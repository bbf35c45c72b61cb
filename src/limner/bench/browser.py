"""Engines for neural networks in a real browser, side by side on the same looks and frames.

    limner bench browser --out docs/benchmarks

What measures is the bench's page (web/bench), the same that a visitor can open. This command makes looks,
serves the page on loopback with the headers that give it threads, opens it in a Chromium of its own for
each look, so that the first painting is a cold one, shows it Chromium's fake camera, and writes what it
finds. The page and the rivals' packages are no part of limner's package: `npm run bench:build` makes them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limner.bench.environment import cpu_name, load
from limner.bench.looks import FORMATS, random_look, write_formats
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.page.chromium import ANY_GPU, FLAGS, BrowserUnavailable, open_page
from limner.page.server import make_app, serving
from limner.progress import Progress, no_progress
from limner.recipe import Size
from limner.slug import slugify

SIZES: tuple[Size, ...] = ("small", "medium", "large")

PAGE = Path(__file__).parents[3] / "web" / "dist" / "bench"

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""Chromium's own moving picture, 640 by 480."""

GPU_FLAGS = (*ANY_GPU, "--ignore-gpu-blocklist")

Found = Callable[[dict[str, Any]], None]

RUN = """([request]) => window.limnerBench.run(request, progress => window.limnerTell(progress))"""
MARKDOWN = """results => window.limnerBench.markdown(results)"""
PLOT = """([look, work]) => window.limnerBench.plot(look, work)"""
ADAPTERS = """async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  const { vendor, architecture, description } = adapter?.info ?? {};
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const named = gl?.getExtension('WEBGL_debug_renderer_info');
  return {
    WebGPU: [vendor, architecture, description].filter(Boolean).join(' '),
    WebGL: named ? String(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) : '',
  };
}"""

SOFTWARE = ("swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render")
"""In the names of adapters that compute on the CPU: Chromium's, Mesa's and Windows'."""


def bench_browser(
    looks: Sequence[Path] = (),
    *,
    sizes: Sequence[Size] = SIZES,
    pixels: int = 256,
    rivals: Sequence[str] = (),
    quick: bool = False,
    gpu: bool = False,
    page: Path = PAGE,
    progress: Progress = no_progress,
    found: Found = lambda _: None,
) -> dict[str, Any]:
    """Measure `looks`, or looks of `sizes` with random weights; what goes into the JSON.

    `rivals` are names as the page has them, all of them where none is given. `found` hears of the results
    so far after each look, as a large one takes many minutes.

    Raises LimnerError where the page is not built, there is no browser, `gpu` is asked for and Chromium
    has none, or a rival has no such name.
    """
    if not (page / "index.html").is_file():
        raise LimnerError(
            "The bench's page is not built: `make bench-browser` builds and runs it, or run "
            "`npm ci && npm run bench:build` in web/ first."
        )
    machine = {"cpu": cpu_name(), "load": load()}
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        paths = list(looks) or [
            random_look(top / str(number), size, pixels) for number, size in enumerate(sizes, 1)
        ]
        # A folder for each: looks of different folders may have one file name.
        entries = [write_formats(path, top / str(number)) for number, path in enumerate(paths, 1)]
        with serving(make_app(page, looks=top)) as address:
            for number, entry in enumerate(entries, 1):
                look = _add_addresses(entry, f"./looks/{number}")
                request = {"looks": [look], "quick": quick, "video": "camera"}
                told = _Progress(f"{look['name']} (look {number} of {len(entries)})", progress)
                one = _measure(address, request, rivals, gpu=gpu, told=told)
                looks_so_far = [*results.get("looks", []), *one["looks"]]
                results = one | {"origin": one["origin"] | {"machine": machine}, "looks": looks_so_far}
                found(results)
    return results


def write_browser(results: dict[str, Any], folder: Path, *, drawn: int = 0, page: Path = PAGE) -> None:
    """Write `browser.json`, the table made from it, `browser.md`, and drawings for each look.

    The first `drawn` looks have their drawings in `folder` already. What was measured is written before
    the browser is asked for the rest.
    """
    atomic_write(folder / "browser.json", json.dumps(results, indent=1) + "\n")
    shown = ""
    with serving(make_app(page)) as address, _open_bench(address, gpu=False) as tab:
        table = tab.evaluate(MARKDOWN, results)
        for number, look in enumerate(results["looks"], 1):
            for work in ("model", "camera"):
                # The name is whatever the look's metadata say: no path, and no Markdown.
                path = folder / f"browser-{number}-{slugify(look['name'])}-{work}.svg"
                if number > drawn:
                    _write_drawing(path, tab.evaluate(PLOT, [look, work]))
                if path.is_file():
                    shown += f"\n![{path.name}]({path.name})\n"
    atomic_write(folder / "browser.md", table + shown)


def _write_drawing(path: Path, drawing: str | None) -> None:
    """The page draws nothing where no rival was timed: then no earlier run's drawing stays either."""
    if drawing:
        atomic_write(path, drawing)
    else:
        path.unlink(missing_ok=True)


def refuse_software(adapters: dict[str, str]) -> None:
    """Refuse to take a CPU for a GPU. `adapters` are the names that the page sees, empty without one."""
    for kind, name in adapters.items():
        if not name:
            raise LimnerError(f"Chromium has no GPU for {kind} on this machine: leave out --gpu.")
        if any(word in name.lower() for word in SOFTWARE):
            raise LimnerError(
                f"Chromium computes {kind} on the CPU here ({name}): install the GPU's driver, or leave "
                "out --gpu."
            )


def _add_addresses(entry: dict[str, Any], folder: str) -> dict[str, Any]:
    files = {kind: f"{folder}/{entry[kind]}" for kind in ("onnx", *FORMATS) if kind in entry}
    return entry | files


class _Progress:
    """What the page tells of one look, for a `Progress`: engines while they load, seconds afterwards."""

    def __init__(self, look: str, progress: Progress) -> None:
        self._look = look
        self._progress = progress
        self._begun = 0
        self.engines = 0

    def __call__(self, told: dict[str, Any]) -> None:
        done, left = told["seconds"], told["secondsLeft"]
        if left is None:
            # One for each engine, before it loads; then some while the rounds have no pace yet.
            if self._begun < self.engines:
                self._progress(self._begun, self.engines, f"engines loaded for {self._look}")
                self._begun += 1
            return
        if self._begun:
            self._progress(self.engines, self.engines, f"engines loaded for {self._look}")
            self._begun = 0
        self._progress(round(done), round(done + left), f"seconds of {self._look}")


def _measure(
    address: str, request: dict[str, Any], rivals: Sequence[str], *, gpu: bool, told: _Progress
) -> dict[str, Any]:
    """One look in a Chromium of its own."""
    with _open_bench(address, gpu=gpu) as tab:
        known = tab.evaluate("() => window.limnerBench.rivals")
        for rival in rivals:
            if rival not in known:
                raise LimnerError(f"There is no rival {rival}; there are {', '.join(known)}.")
        if gpu:
            refuse_software(tab.evaluate(ADAPTERS))
        asked = list(rivals) or known
        told.engines = len(asked)
        tab.expose_function("limnerTell", told)
        measured: dict[str, Any] = tab.evaluate(RUN, [request | {"rivals": asked}])
        return measured


@contextmanager
def _open_bench(address: str, *, gpu: bool) -> Iterator[Any]:
    """The bench's page in a fresh Chromium."""
    try:
        with open_page([*(GPU_FLAGS if gpu else FLAGS), *CAMERA]) as tab:
            tab.goto(address)
            yield tab
    except BrowserUnavailable as error:
        raise LimnerError(f"The bench needs Chromium and playwright for Python: {error}.") from error
