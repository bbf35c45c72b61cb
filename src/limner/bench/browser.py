"""Browser benchmark: neural-network engines in a real browser, compared on the same looks and frames.

    limner bench browser --out docs/benchmarks

The bench's page (web/bench) does the measuring; visitors can open the same page. This command makes the
looks and serves the page on loopback, with the headers that WASM threads need. It opens the page in a fresh
Chromium for each look, so that the first painting is a cold start. Chromium's fake camera is the video
source. limner in Node is a process beside the browser, which the page asks through this command. The page
and the rivals' packages are not part of limner's package: `npm run bench:build` builds them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from limner.bench.environment import cpu_name, is_software_gpu, load_average
from limner.bench.looks import FORMATS, random_look, write_formats
from limner.bench.node_engine import NodeEngine, open_node
from limner.bench.results import write_results
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.page.chromium import ANY_GPU, FLAGS, BrowserUnavailable, open_page
from limner.page.server import make_app, serve_in_background
from limner.progress import Progress, no_progress
from limner.recipe import Size
from limner.slug import slugify

SIZES: tuple[Size, ...] = ("small", "medium", "large")

PAGE = Path(__file__).parents[3] / "web" / "dist" / "bench"
PACKAGE = "engine"
"""The folder of @limner/engine in the page's: limner in Node is measured as it is published."""

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""Chromium's built-in test video, 640 by 480."""

GPU_FLAGS = (*ANY_GPU, "--ignore-gpu-blocklist")

OnResults = Callable[[dict[str, Any]], None]

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
    on_results: OnResults = lambda _: None,
) -> dict[str, Any]:
    """Measure `looks`, or looks of `sizes` with random weights; returns the content of the JSON file.

    `rivals` are engine names as the page has them; empty means all. `on_results` is called with the results
    so far after each look, because a large look takes many minutes.

    Raises LimnerError if the page is not built, there is no browser, `gpu` is set but Chromium has no GPU,
    or a rival is unknown.
    """
    if not (page / "index.html").is_file():
        raise LimnerError(
            "The bench's page is not built: `make bench-browser` builds and runs it, or run "
            "`npm ci && npm run bench:build` in web/ first."
        )
    machine = {"cpu": cpu_name(), "load": load_average()}
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        paths = list(looks) or [
            random_look(top / str(number), size, pixels) for number, size in enumerate(sizes, 1)
        ]
        # One folder for each: looks from different folders may have the same file name.
        entries = [write_formats(path, top / str(number)) for number, path in enumerate(paths, 1)]
        with serve_in_background(make_app(page, looks=top)) as address:
            for number, entry in enumerate(entries, 1):
                look = _add_addresses(entry, f"./looks/{number}")
                request = {"looks": [look], "quick": quick, "video": "camera"}
                reporter = _LookProgress(f"{look['name']} (look {number} of {len(entries)})", progress)
                file = top / str(number) / entry["onnx"]
                with open_node(file, page / PACKAGE, gpu=gpu) as node:
                    measured = _measure(address, request, rivals, node, gpu=gpu, reporter=reporter)
                looks_so_far = [*results.get("looks", []), *measured["looks"]]
                origin = measured["origin"] | {"machine": machine}
                results = measured | {"origin": origin, "looks": looks_so_far}
                on_results(results)
    return results


def write_browser(
    results: dict[str, Any], folder: Path, *, drawn_count: int = 0, page: Path = PAGE
) -> None:
    """Write `browser.json`, its table `browser.md`, and drawings for each look.

    The first `drawn_count` looks already have their drawings in `folder`. The JSON is written before the
    browser renders the table and the drawings.
    """
    write_results(results, folder, "browser")
    drawings = ""
    with serve_in_background(make_app(page)) as address, _open_bench(address, gpu=False) as tab:
        table = tab.evaluate(MARKDOWN, results)
        for number, look in enumerate(results["looks"], 1):
            for work in ("model", "camera"):
                # The name comes from the look's metadata: it must not act as a path or as Markdown.
                path = folder / f"browser-{number}-{slugify(look['name'])}-{work}.svg"
                if number > drawn_count:
                    _write_drawing(path, tab.evaluate(PLOT, [look, work]))
                if path.is_file():
                    drawings += f"\n![{path.name}]({path.name})\n"
    origin = "\nMade by `limner bench browser` from `browser.json`.\n"
    atomic_write(folder / "browser.md", table + origin + drawings)


def _write_drawing(path: Path, drawing: str | None) -> None:
    """Write the drawing; None, when no rival was timed, removes an earlier run's drawing."""
    if drawing:
        atomic_write(path, drawing)
    else:
        path.unlink(missing_ok=True)


def refuse_software(adapters: dict[str, str]) -> None:
    """Raise LimnerError for a software GPU, or for none: an empty name in `adapters`."""
    for kind, name in adapters.items():
        if not name:
            raise LimnerError(f"Chromium has no GPU for {kind} on this machine: leave out --gpu.")
        if is_software_gpu(name):
            raise LimnerError(
                f"Chromium computes {kind} on the CPU here ({name}): install the GPU's driver, or leave "
                "out --gpu."
            )


def _add_addresses(entry: dict[str, Any], folder: str) -> dict[str, Any]:
    files = {kind: f"{folder}/{entry[kind]}" for kind in ("onnx", *FORMATS) if kind in entry}
    return entry | files


class _LookProgress:
    """Forwards the page's progress on one look to a `Progress`: engines while loading, then seconds."""

    def __init__(self, look: str, progress: Progress) -> None:
        self._look = look
        self._progress = progress
        self._started = 0
        self.engines = 0

    def __call__(self, report: dict[str, Any]) -> None:
        done, left = report["seconds"], report["secondsLeft"]
        if left is None:
            # One report comes before each engine loads, and a few while the rounds have no ETA yet.
            if self._started < self.engines:
                self._progress(self._started, self.engines, f"engines loaded for {self._look}")
                self._started += 1
            return
        if self._started:
            self._progress(self.engines, self.engines, f"engines loaded for {self._look}")
            self._started = 0
        self._progress(round(done), round(done + left), f"seconds of {self._look}")


def _measure(
    address: str,
    request: dict[str, Any],
    rivals: Sequence[str],
    node: NodeEngine,
    *,
    gpu: bool,
    reporter: _LookProgress,
) -> dict[str, Any]:
    """Measure one look in a fresh Chromium, and in Node."""
    with _open_bench(address, gpu=gpu) as tab:
        available = tab.evaluate("() => window.limnerBench.rivals")
        for rival in rivals:
            if rival not in available:
                raise LimnerError(f"There is no rival {rival}; there are {', '.join(available)}.")
        if gpu:
            refuse_software(tab.evaluate(ADAPTERS))
        chosen = list(rivals) or available
        reporter.engines = len(chosen)
        tab.expose_function("limnerTell", reporter)
        tab.expose_function("limnerNode", node.ask)
        measured: dict[str, Any] = tab.evaluate(RUN, [request | {"rivals": chosen}])
        return measured


@contextmanager
def _open_bench(address: str, *, gpu: bool) -> Iterator[Any]:
    """Open the bench's page in a fresh Chromium."""
    try:
        with open_page([*(GPU_FLAGS if gpu else FLAGS), *CAMERA]) as tab:
            tab.goto(address)
            yield tab
    except BrowserUnavailable as error:
        raise LimnerError(f"The bench needs Chromium and playwright for Python: {error}.") from error
