"""Training benchmark: throughput for each generator and discriminator width, compared with the baseline.

    limner bench training --out docs/benchmarks

The two steps alternate within each setting, so that other load on the machine affects both. The first step
of each is a warm-up and is not counted. Both timings include the preparation of the batch.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from limner.bench.baseline import BaselineTrainer
from limner.bench.environment import collect_environment, describe_environment
from limner.bench.results import write_results
from limner.data.loader import BatchLoader
from limner.data.prepare import prepare
from limner.data.store import ImageStore
from limner.data.synthetic.draw import draw
from limner.files import atomic_write
from limner.guide import make_guide
from limner.networks.summary import count_parameters
from limner.progress import Progress, no_progress
from limner.recipe import Recipe, Size
from limner.training.distributed import ProcessGroup, process_group
from limner.training.inputs import make_inputs
from limner.training.pix2pix import train_step
from limner.training.state import TrainState

SIZES: tuple[Size, ...] = ("lean", "small", "medium", "large")
WIDTHS = (8, 16, 32, 64)

PICTURES = 16
"""Training pictures: drawn by limner, so that anybody can repeat the benchmark."""


def bench_training(
    *,
    pixels: int = 256,
    quick: bool = False,
    sizes: tuple[Size, ...] = SIZES,
    widths: tuple[int, ...] = WIDTHS,
    device: str | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Measure every size with every discriminator width; returns the content of the JSON file.

    `quick` measures the widths 16 and 64 only, with two repetitions each.
    """
    if quick:
        widths = tuple(width for width in widths if width in (16, 64)) or widths
    settings = [Recipe(size=size, pixels=pixels, discriminator=width) for size in sizes for width in widths]
    with process_group(device) as group, tempfile.TemporaryDirectory() as folder:
        results: dict[str, Any] = {"benchmark": "training", **collect_environment(group.device)}
        results |= {"pixels": pixels, "batch": Recipe().batch, "quick": quick, "settings": []}
        pictures, files = _draw_pictures(Path(folder), pixels)
        for number, recipe in enumerate(settings):
            progress(number, len(settings), "settings measured")
            results["settings"].append(_measure(recipe, pictures, files, group, quick=quick))
        progress(len(settings), len(settings), "settings measured")
    return results


def write_training(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write `training.json` and its table, `training.md`."""
    written = write_results(results, folder, "training")
    atomic_write(folder / "training.md", table(results))
    return [written, folder / "training.md"]


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "# Training speed",
        "",
        f"{describe_environment(results)} {results['pixels']} pixels, batch {results['batch']}, "
        "float32 on a CPU. Made by `limner bench training` from `training.json`.",
        "",
        "Pictures a second: the median of the steps, with the slowest and the fastest. *Plain* is the "
        "same step as it is commonly written (`src/limner/bench/baseline.py`); the two alternated.",
        "",
        "| generator | discriminator | parameters, G + D | limner | plain | ratio | steps |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results["settings"]:
        both = f"{row['generator_parameters']:,} + {row['discriminator_parameters']:,}"
        lines.append(
            f"| {row['size']} | {row['discriminator']} | {both} | {_format_throughput(row['limner'])} | "
            f"{_format_throughput(row['plain'])} | {row['ratio']:.2f} | {len(row['limner']['seconds'])} |"
        )
    return "\n".join(lines) + "\n"


def _format_throughput(measured: dict[str, Any]) -> str:
    slowest, fastest = measured["slowest"], measured["fastest"]
    return f"{measured['pictures_per_second']:.2f} ({slowest:.2f}-{fastest:.2f})"


def _draw_pictures(folder: Path, pixels: int) -> tuple[ImageStore, list[Path]]:
    files = []
    (folder / "drawn").mkdir()
    for number, picture in enumerate(draw("garden", PICTURES, round(1.5 * pixels), 0)):
        files.append(folder / "drawn" / f"{number:02}.jpg")
        picture.convert("RGB").save(files[-1], quality=92)
    store, _ = prepare([folder / "drawn"], folder / "store", pixels=pixels, progress=no_progress)
    return store, files


def _measure(
    recipe: Recipe, pictures: ImageStore, files: list[Path], group: ProcessGroup, *, quick: bool
) -> dict[str, Any]:
    torch.manual_seed(0)
    state, plain = TrainState(recipe, group.device), BaselineTrainer(files, recipe, group.device)
    limner_steps = _limner_steps(state, recipe, pictures, group)
    least, most, budget = (2, 2, 0.0) if quick else (3, 15, 15.0)
    times: tuple[list[float], list[float]] = ([], [])
    # Warm-up: the first steps choose algorithms and allocate memory.
    for step in (lambda: next(limner_steps), plain.train_step):
        step()
    began = time.perf_counter()
    while len(times[0]) < least or (len(times[0]) < most and time.perf_counter() - began < budget):
        times[0].append(_benchmark_step(lambda: next(limner_steps), group.device))
        times[1].append(_benchmark_step(plain.train_step, group.device))
    measured = [_throughput(seconds, recipe.batch) for seconds in times]
    return {
        "size": recipe.size,
        "discriminator": recipe.discriminator,
        "generator_parameters": count_parameters(state.generator),
        "discriminator_parameters": count_parameters(state.discriminator),
        "limner": measured[0],
        "plain": measured[1],
        "ratio": measured[0]["pictures_per_second"] / measured[1]["pictures_per_second"],
    }


def _limner_steps(
    state: TrainState, recipe: Recipe, pictures: ImageStore, group: ProcessGroup
) -> Iterator[list[float]]:
    """Limner's training steps; each `next` runs one and yields its losses."""
    guide = make_guide(recipe.guide, recipe.pixels).to(group.device)
    for batch in BatchLoader(pictures, recipe, group.device).stream(state.position):
        inputs = make_inputs(batch, guide, recipe, state.position.step)
        yield train_step(state, recipe, inputs, group).tolist()


def _benchmark_step(step: Callable[[], object], device: torch.device) -> float:
    """The seconds of one step of limner or of the baseline, the GPU's work included."""
    began = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def _throughput(seconds: list[float], batch: int) -> dict[str, Any]:
    return {
        "seconds": [round(value, 5) for value in seconds],
        "pictures_per_second": batch / statistics.median(seconds),
        "slowest": batch / max(seconds),
        "fastest": batch / min(seconds),
    }
