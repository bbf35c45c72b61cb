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

from limner.bench.looks import lay_out, random_look
from limner.bench.machine import cpu_name, load
from limner.browser import FLAGS, NoBrowserError, open_page
from limner.errors import LimnerError
from limner.files import write_whole
from limner.progress import Progress, silently
from limner.recipe import Size
from limner.server import application, serving

SIZES: tuple[Size, ...] = ("small", "medium", "large")

PAGE = Path(__file__).parents[3] / "web" / "dist" / "bench"

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""Chromium's own moving picture, 640 by 480."""

GPU_FLAGS = (
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-webgpu",
    "--ignore-gpu-blocklist",
    "--enable-features=Vulkan",
)
"""As limner.browser's, without what asks for a software GPU."""

Found = Callable[[dict[str, Any]], None]

RUN = """([request]) => window.limnerBench.run(request, progress => window.limnerTell(progress))"""
MARKDOWN = """results => window.limnerBench.markdown(results)"""
PLOT = """([look, work]) => window.limnerBench.plot(look, work)"""


def bench_browser(
    looks: Sequence[Path] = (),
    *,
    sizes: Sequence[Size] = SIZES,
    pixels: int = 256,
    rivals: Sequence[str] = (),
    quick: bool = False,
    gpu: bool = False,
    page: Path = PAGE,
    progress: Progress = silently,
    found: Found = lambda _: None,
) -> dict[str, Any]:
    """Measure `looks`, or looks of `sizes` with random weights; what goes into the JSON.

    `rivals` are names as the page has them, all of them where none is given. `found` hears of the results
    so far after each look, as a large one takes many minutes.

    Raises LimnerError where the page is not built, there is no browser, or a rival has no such name.
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
        paths = list(looks) or [random_look(top, size, pixels) for size in sizes]
        entries = [lay_out(path, top) for path in paths]
        with serving(application(page, looks=top)) as address:
            for entry in entries:
                request = {"looks": [_addressed(entry)], "quick": quick, "video": "camera"}
                one = _measure(address, request, rivals, gpu=gpu, progress=progress)
                looks_so_far = [*results.get("looks", []), *one["looks"]]
                results = one | {"origin": one["origin"] | {"machine": machine}, "looks": looks_so_far}
                found(results)
    return results


def write_browser(results: dict[str, Any], folder: Path, *, page: Path = PAGE) -> None:
    """Write `browser.json`, the table made from it, `browser.md`, and a drawing for each look."""
    with serving(application(page)) as address, _opened(address, gpu=False) as tab:
        table = tab.evaluate(MARKDOWN, results)
        drawings = {
            f"browser-{look['name']}-{work}.svg": tab.evaluate(PLOT, [look, work])
            for look in results["looks"]
            for work in ("model", "camera")
        }
    write_whole(folder / "browser.json", json.dumps(results, indent=1) + "\n")
    shown = "".join(f"\n![{name}]({name})\n" for name, drawing in drawings.items() if drawing)
    write_whole(folder / "browser.md", table + shown)
    for name, drawing in drawings.items():
        if drawing:
            write_whole(folder / name, drawing)


def _addressed(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {kind: f"./looks/{entry[kind]}" for kind in ("onnx", "tfjs", "tflite") if kind in entry}


def _measure(
    address: str, request: dict[str, Any], rivals: Sequence[str], *, gpu: bool, progress: Progress
) -> dict[str, Any]:
    """One look in a Chromium of its own."""
    name = request["looks"][0]["name"]

    def tell(told: dict[str, Any]) -> None:
        done, left = told["seconds"], told["secondsLeft"]
        if left is not None:
            progress(round(done), round(done + left), f"seconds of {name}")

    with _opened(address, gpu=gpu) as tab:
        known = tab.evaluate("() => window.limnerBench.rivals")
        for rival in rivals:
            if rival not in known:
                raise LimnerError(f"There is no rival {rival}; there are {', '.join(known)}.")
        tab.expose_function("limnerTell", tell)
        measured: dict[str, Any] = tab.evaluate(RUN, [request | {"rivals": list(rivals) or known}])
        return measured


@contextmanager
def _opened(address: str, *, gpu: bool) -> Iterator[Any]:
    """The bench's page in a fresh Chromium."""
    try:
        with open_page([*(GPU_FLAGS if gpu else FLAGS), *CAMERA]) as tab:
            tab.goto(address)
            yield tab
    except NoBrowserError as error:
        raise LimnerError(f"The bench needs Chromium and playwright for Python: {error}.") from error
