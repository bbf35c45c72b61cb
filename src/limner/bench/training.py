"""Training benchmark: throughput for each generator and discriminator width, compared with the baseline.

    limner bench training --out docs/benchmarks

The two steps alternate within each setting, so that other load on the machine affects both. The first step
of each is a warm-up and is not counted. Both timings include the preparation of the batch. The default
recipe is also compared with pix2pix as published, profiled, and run without pause for a while.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.profiler import record_function

from limner.bench.baseline import WORKERS, PlainTrainer
from limner.bench.environment import collect_environment, describe_environment
from limner.bench.published import PublishedTrainer
from limner.bench.results import write_results
from limner.bench.step_profile import DATA, profile_steps
from limner.data.loader import BatchLoader
from limner.data.prepare import prepare
from limner.data.store import ImageStore
from limner.data.synthetic.draw import draw
from limner.display import readable_duration
from limner.files import atomic_write
from limner.guide import make_guide
from limner.networks.summary import count_parameters
from limner.progress import Progress, no_progress
from limner.recipe import Recipe, Size
from limner.training.distributed import ProcessGroup, process_group
from limner.training.inputs import make_inputs
from limner.training.pix2pix import train_step
from limner.training.state import TrainState

SIZES: tuple[Size, ...] = ("full", "lean", "small", "medium", "large")
WIDTHS = (8, 16, 32, 64)

PICTURES = 16
"""Training pictures: drawn by limner, so that anybody can repeat the benchmark."""

SUSTAINED_SECONDS, QUICK_SECONDS = 60.0, 1.0
"""How long the default recipe is run without pause."""

EXTRAPOLATED = (1000, 200)
"""Pictures and epochs of the training whose time is extrapolated."""


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
    default, label = Recipe(pixels=pixels), "settings measured"
    total = len(settings) + 2
    with process_group(device) as group, tempfile.TemporaryDirectory() as folder:
        results: dict[str, Any] = {"benchmark": "training", **collect_environment(group.device)}
        results |= {"pixels": pixels, "batch": Recipe().batch, "quick": quick, "settings": []}
        results["workers"] = WORKERS
        bench = _TrainingBench(*_draw_pictures(Path(folder), pixels), group, quick=quick)
        for number, recipe in enumerate(settings):
            progress(number, total, label)
            results["settings"].append(bench.compare(recipe, PlainTrainer))
        progress(total - 2, total, label)
        results["published"] = bench.compare(default, PublishedTrainer)
        progress(total - 1, total, label)
        results["default"] = bench.profile(default)
        progress(total, total, label)
    return results


class _TrainingBench:
    """Measures training steps on the same pictures."""

    def __init__(
        self, pictures: ImageStore, files: list[Path], group: ProcessGroup, *, quick: bool
    ) -> None:
        self._pictures, self._files, self._group, self._quick = pictures, files, group, quick

    def compare(
        self, recipe: Recipe, make_plain: type[PlainTrainer] | type[PublishedTrainer]
    ) -> dict[str, Any]:
        """Alternate limner's step of `recipe` with that of a baseline."""
        device = self._group.device
        torch.manual_seed(0)
        state = TrainState(recipe, device)
        plain = make_plain(self._files, recipe, device)
        limner_steps = self._steps(state, recipe)
        least, most, budget = (2, 2, 0.0) if self._quick else (3, 15, 15.0)
        times: tuple[list[float], list[float]] = ([], [])
        # Warm-up: the first steps choose algorithms and allocate memory.
        for step in (lambda: next(limner_steps), plain.train_step):
            step()
        began = time.perf_counter()
        while len(times[0]) < least or (len(times[0]) < most and time.perf_counter() - began < budget):
            times[0].append(_benchmark_step(lambda: next(limner_steps), device))
            times[1].append(_benchmark_step(plain.train_step, device))
        measured = [_throughput(seconds, recipe.batch) for seconds in times]
        return {
            "size": recipe.size,
            "discriminator": recipe.discriminator,
            "generator_parameters": count_parameters(state.generator),
            "discriminator_parameters": count_parameters(state.discriminator),
            "plain_generator_parameters": count_parameters(plain.generator),
            "plain_discriminator_parameters": count_parameters(plain.discriminator),
            "limner": measured[0],
            "plain": measured[1],
            "ratio": measured[0]["pictures_per_second"] / measured[1]["pictures_per_second"],
        }

    def profile(self, recipe: Recipe) -> dict[str, Any]:
        """What a step's time goes into, and the throughput without pause."""
        device = self._group.device
        state = TrainState(recipe, device)
        steps = self._steps(state, recipe)
        networks = {name: each for name, each in vars(state).items() if isinstance(each, nn.Module)}
        next(steps)
        shares = profile_steps(lambda: next(steps), 2 if self._quick else 5, networks, device)
        began, count = time.perf_counter(), 0
        least = QUICK_SECONDS if self._quick else SUSTAINED_SECONDS
        while (seconds := time.perf_counter() - began) < least:
            next(steps)
            count += 1
        speed = recipe.batch * count / seconds
        pictures, epochs = EXTRAPOLATED
        return {
            "size": recipe.size,
            "discriminator": recipe.discriminator,
            "shares": {part: round(share, 4) for part, share in shares.items()},
            "seconds": round(seconds, 2),
            "pictures_per_second": speed,
            "extrapolated": {"pictures": pictures, "epochs": epochs, "seconds": pictures * epochs / speed},
        }

    def _steps(self, state: TrainState, recipe: Recipe) -> Iterator[list[float]]:
        """Limner's training steps; each `next` runs one and yields its losses."""
        guide = make_guide(recipe.guide, recipe.pixels, side=recipe.guide_side).to(self._group.device)
        batches = BatchLoader(self._pictures, recipe, self._group.device).stream(state.position)
        for step in itertools.count():
            with record_function(DATA):
                inputs = make_inputs(next(batches), guide, recipe, step)
            yield train_step(state, recipe, inputs, self._group).tolist()


def write_training(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write `training.json` and its table, `training.md`."""
    written = write_results(results, folder, "training")
    atomic_write(folder / "training.md", table(results))
    return [written, folder / "training.md"]


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    where = (
        "float32 on a CPU"
        if results["machine"]["device"] == "cpu"
        else "limner in the GPU's own precision, the others in float32"
    )
    lines = [
        "# Training speed",
        "",
        f"{describe_environment(results)} {results['pixels']} pixels, batch {results['batch']}, "
        f"{where}. Made by `limner bench training` from `training.json`.",
        "",
        "Pictures a second: the median of the steps, with the slowest and the fastest. *Plain* is the "
        "same step as it is commonly written, with pictures from "
        f"{results['workers']} worker processes (`src/limner/bench/baseline.py`); the two alternated.",
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
    return "\n".join([*lines, "", *_default_lines(results)]) + "\n"


def _default_lines(results: dict[str, Any]) -> Iterator[str]:
    """The default recipe: against pix2pix as published, its parts, its throughput."""
    row, default = results["published"], results["default"]
    yield (
        f"The default recipe ({row['size']}, discriminator {row['discriminator']}) against pix2pix as "
        f"published ({row['plain_generator_parameters']:,} + {row['plain_discriminator_parameters']:,} "
        f"parameters, plain, the same batch): {_format_throughput(row['limner'])} against "
        f"{_format_throughput(row['plain'])}, a ratio of {row['ratio']:.1f}."
    )
    yield ""
    shares = sorted(default["shares"].items(), key=lambda item: -item[1])
    yield f"A step's time goes into: {', '.join(f'{part} {share:.0%}' for part, share in shares)}."
    yield ""
    extrapolated = default["extrapolated"]
    yield (
        f"Without pause it learned from {default['pictures_per_second']:.1f} pictures a second over "
        f"{default['seconds']:.0f} seconds. Extrapolated, not measured: {extrapolated['pictures']:,} "
        f"pictures times {extrapolated['epochs']} epochs take {readable_duration(extrapolated['seconds'])}."
    )


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
