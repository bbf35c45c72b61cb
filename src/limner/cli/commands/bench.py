"""bench: run one of the benchmarks.

Like every command (`limner.cli.commands.look`) it imports heavy modules only when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import Positional

from limner.errors import LimnerError
from limner.recipe import Size

if TYPE_CHECKING:
    from limner.progress import Progress


@dataclass(frozen=True)
class BenchCommand:
    """Run a benchmark; write its figures, machine and versions as JSON and as a table.

    For example:

        limner bench training --out docs/benchmarks
        limner bench quality --recipes now wide:discriminator=32 --sets sunflowers garden --minutes 14
        limner bench browser clouds.onnx --quick
        limner bench everywhere digits.onnx clouds.onnx
    """

    what: Positional[Literal["training", "quality", "browser", "everywhere"]]
    """training: throughput in pictures a second for each size and discriminator width, compared with a
    common implementation of the same step. quality: recipes and looks on held-out pictures, after equal
    training time. browser: the engine and its rivals, compared in Chromium, and the engine in Node.
    everywhere: the same networks and inputs in Python, Node and Chromium, and a training step."""
    looks: Annotated[
        Positional[tuple[Path, ...]], tyro.conf.arg(metavar="[MODEL...]", help_behavior_hint="")
    ] = ()
    """For browser: looks. Default: one look with random weights for each of --sizes. For everywhere: ONNX
    files of one input, such as classifiers and looks. Default: a trained LeNet, whose accuracy is measured
    too if `limner data mnist` has fetched the digits; ResNet-20, MobileNet, SqueezeNet and a look with
    random weights; and a training step of LeNet."""
    out: Path = Path("benchmarks")
    """Folder for the results."""
    force: bool = False
    """Replace files at --out that are no results of this benchmark."""
    pixels: int = 256
    """For training, quality and browser: side of the pictures."""
    recipes: Annotated[tuple[str, ...], tyro.conf.arg(metavar="RECIPE...", help_behavior_hint="")] = ()
    """For quality: recipes to train, as NAME, NAME:field=value,field=value, or a recipe's JSON file. The
    others are compared with the first."""
    named_looks: Annotated[
        tuple[str, ...], tyro.conf.arg(name="looks", metavar="NAME=LOOK...", help_behavior_hint="")
    ] = ()
    """For quality: looks that are only measured, as NAME=LOOK, or NAME@SET=LOOK for one set. Train them on
    the pictures in OUT/quality/sets."""
    sets: Annotated[tuple[str, ...], tyro.conf.arg(metavar="SET...", help_behavior_hint="")] = ()
    """For quality: folders of pictures, of which 30 % are held out; or garden, sea, night: drawn ones."""
    seeds: tuple[int, ...] = (0, 1)
    """For quality: seeds of the recipes."""
    minutes: float = 14.0
    """For quality: training time of each recipe with each seed on each set."""
    clips: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="CLIP...", help_behavior_hint="")] = ()
    """For quality: videos, for flicker."""
    sizes: tuple[Size, ...] = ("small", "medium", "large")
    """For browser: sizes of the looks with random weights."""
    rivals: Annotated[tuple[str, ...], tyro.conf.arg(metavar="RIVAL...", help_behavior_hint="")] = ()
    """For browser: the engines to measure, such as limner-webgpu ort-wasm tfjs-webgl. Default: all."""
    gpu: bool = False
    """For browser and everywhere: use this machine's GPU instead of Chromium's software GPU."""
    quick: bool = False
    """Fewer repetitions, for rough figures. For everywhere also fewer networks: LeNet and SqueezeNet."""

    def run(self) -> None:
        from limner.bench.results import check_results
        from limner.progress import ProgressBar

        self._refuse_unused_options()
        check_results(self.out, self.what, force=self.force)
        with ProgressBar() as progress:
            match self.what:
                case "training":
                    self._training(progress)
                case "quality":
                    self._quality(progress)
                case "browser":
                    self._browser(progress)
                case "everywhere":
                    self._everywhere(progress)
        print((self.out / f"{self.what}.md").read_text(encoding="utf-8"))

    def _refuse_unused_options(self) -> None:
        """Raise LimnerError for options that the chosen benchmark does not use."""
        options = {
            "looks": (bool(self.looks), ("browser", "everywhere")),
            "--pixels": (self.pixels != BenchCommand.pixels, ("training", "quality", "browser")),
            "--sizes": (self.sizes != BenchCommand.sizes, ("browser",)),
            "--rivals": (bool(self.rivals), ("browser",)),
            "--gpu": (self.gpu, ("browser", "everywhere")),
            "--recipes": (bool(self.recipes), ("quality",)),
            "--looks": (bool(self.named_looks), ("quality",)),
            "--sets": (bool(self.sets), ("quality",)),
            "--seeds": (self.seeds != BenchCommand.seeds, ("quality",)),
            "--minutes": (self.minutes != BenchCommand.minutes, ("quality",)),
            "--clips": (bool(self.clips), ("quality",)),
        }
        for option, (is_given, benchmarks) in options.items():
            if is_given and self.what not in benchmarks:
                raise LimnerError(
                    f"limner bench {self.what} takes no {option}; only {_list(benchmarks)} "
                    f"{'do' if len(benchmarks) > 1 else 'does'}. Leave it out, or run "
                    f"`limner bench {benchmarks[0]}`."
                )

    def _training(self, progress: Progress) -> None:
        from limner.bench.training import bench_training, write_training

        write_training(bench_training(pixels=self.pixels, quick=self.quick, progress=progress), self.out)

    def _quality(self, progress: Progress) -> None:
        from limner.bench.entries import parse_look, parse_recipe
        from limner.bench.quality import QUICK_PLAN, QualityPlan, bench_quality

        if self.quick:
            chosen = (self.recipes, self.named_looks, self.sets, self.clips)
            if any(chosen) or (self.seeds, self.minutes) != (BenchCommand.seeds, BenchCommand.minutes):
                raise LimnerError("--quick has a plan of its own: leave out all other options but --out.")
            bench_quality(QUICK_PLAN, self.out, progress=progress)
            return
        plan = QualityPlan(
            recipes=[parse_recipe(text, self.pixels) for text in self.recipes],
            looks=[parse_look(text) for text in self.named_looks],
            sets=self.sets,
            seeds=self.seeds,
            minutes=self.minutes,
            clips=self.clips,
        )
        bench_quality(plan, self.out, progress=progress)

    def _browser(self, progress: Progress) -> None:
        from limner.bench.browser import bench_browser, write_browser

        bench_browser(
            self.looks,
            sizes=self.sizes,
            pixels=self.pixels,
            rivals=self.rivals,
            quick=self.quick,
            gpu=self.gpu,
            progress=progress,
            on_results=lambda results: write_browser(
                results, self.out, drawn_count=len(results["looks"]) - 1
            ),
        )

    def _everywhere(self, progress: Progress) -> None:
        from limner.bench.everywhere.bench import bench_everywhere, write_everywhere

        bench_everywhere(
            self.looks,
            quick=self.quick,
            gpu=self.gpu,
            progress=progress,
            on_results=lambda results: write_everywhere(results, self.out),
        )


def _list(names: Sequence[str]) -> str:
    """The names as a sentence has them: `a`, `a and b`, `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
