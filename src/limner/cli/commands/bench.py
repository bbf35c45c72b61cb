"""The bench command: which measurement is asked for, and what it takes of the options.

Like every command (`limner.cli.commands.look`) it imports what is heavy as it runs.
"""

from __future__ import annotations

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
    """Measure, and write the figures with their origin as JSON and a table.

    For example:

        limner bench training --out docs/benchmarks
        limner bench discriminator --pictures store
        limner bench browser clouds.onnx --quick
    """

    what: Positional[Literal["training", "discriminator", "browser"]]
    """training: pictures a second per size and discriminator width, against the same step written
    plainly. discriminator: what each width learns in equal time and in equal steps. browser: the engine
    and its rivals side by side in Chromium."""
    looks: Annotated[
        Positional[tuple[Path, ...]], tyro.conf.arg(metavar="[LOOK...]", help_behavior_hint="")
    ] = ()
    """For browser: looks. Default: one of each of --sizes, with random weights."""
    out: Path = Path("benchmarks")
    """Folder for the results."""
    pictures: Annotated[Path | None, tyro.conf.arg(metavar="STORE", help_behavior_hint="")] = None
    """For discriminator: what `limner pictures` wrote."""
    pixels: int = 256
    """For training and browser: side of the pictures."""
    sizes: tuple[Size, ...] = ("small", "medium", "large")
    """For browser: sizes of the looks with random weights."""
    rivals: Annotated[tuple[str, ...], tyro.conf.arg(metavar="RIVAL...", help_behavior_hint="")] = ()
    """For browser: the engines, such as limner-webgpu ort-wasm tfjs-webgl. Default: all."""
    gpu: bool = False
    """For browser: on this machine's GPU, and not on Chromium's software GPU."""
    quick: bool = False
    """Fewer repetitions: a rough idea in a minute or two."""

    def run(self) -> None:
        from limner.progress import ProgressBar

        self._refuse_what_is_ignored()
        with ProgressBar() as progress:
            match self.what:
                case "training":
                    self._training(progress)
                case "discriminator":
                    self._discriminator(progress)
                case "browser":
                    self._browser(progress)
        print((self.out / f"{self.what}.md").read_text(encoding="utf-8"))

    def _refuse_what_is_ignored(self) -> None:
        """Options that the measurement would not look at."""
        only = {
            "looks": (bool(self.looks), "browser"),
            "--sizes": (self.sizes != BenchCommand.sizes, "browser"),
            "--rivals": (bool(self.rivals), "browser"),
            "--gpu": (self.gpu, "browser"),
            "--pictures": (self.pictures is not None, "discriminator"),
        }
        for option, (given, what) in only.items():
            if given and what != self.what:
                raise LimnerError(
                    f"limner bench {self.what} takes no {option}, which {what} takes: leave it out, or run "
                    f"`limner bench {what}`."
                )

    def _training(self, progress: Progress) -> None:
        from limner.bench.training import bench_training, write_training

        write_training(bench_training(pixels=self.pixels, quick=self.quick, progress=progress), self.out)

    def _discriminator(self, progress: Progress) -> None:
        from limner.bench.discriminator import bench_discriminator
        from limner.data.store import open_store

        if self.pictures is None:
            raise LimnerError("Name the pictures to learn from: --pictures STORE.")
        bench_discriminator(open_store(self.pictures), self.out, quick=self.quick, progress=progress)

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
            found=lambda results: write_browser(results, self.out, drawn=len(results["looks"]) - 1),
        )
