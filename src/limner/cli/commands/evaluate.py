"""evaluate: measure how well a run or a look paints."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN
from limner.display import printable
from limner.errors import LimnerError
from limner.slug import slugify

if TYPE_CHECKING:
    from torch import Tensor

    from limner.data.store import ImageStore
    from limner.evaluation.paint import Painter
    from limner.evaluation.pictures import HeldOut
    from limner.evaluation.report import Report
    from limner.progress import Progress

RESULT = "evaluation.json"


@dataclass(frozen=True)
class EvaluateCommand:
    """Measure how well a run or a look paints, on pictures that its training has not seen.

    docs/measures.md says what each figure sees.

    For example:

        limner evaluate run --clip walk.mp4
        limner evaluate clouds.onnx --against other-photos --training my-photos --out figures
    """

    target: Annotated[Positional[Path], tyro.conf.arg(metavar="RUN|LOOK")]
    """A run's folder, or a look's file."""
    against: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of real pictures that training has not seen. Default: the run's held-out pictures."""
    training: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of the training pictures, for memorising. Default: those of the run."""
    strokes: bool = False
    """Paint the pictures of --against and --training with brush strokes first. For what learned with
    --strokes: oils cannot be compared with photos."""
    clip: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="CLIP...", help_behavior_hint="")] = ()
    """Videos, for flicker: their first 100 frames."""
    pictures: int = 128
    """Most held-out pictures to paint: more give narrower intervals."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder for the figures as evaluation.json."""
    force: bool = False
    """Replace an evaluation.json at --out that limner did not write."""

    def run(self) -> None:
        import torch
        from rich import print as rich_print

        from limner.bench.environment import collect_environment
        from limner.evaluation.report import is_report
        from limner.files import atomic_write
        from limner.progress import ProgressBar
        from limner.replacing import check_replaceable

        if self.out is not None:
            check_replaceable(self.out / RESULT, is_report, force=self.force)
        with ProgressBar() as progress:
            report = self._evaluate(progress)
            environment = collect_environment(torch.device("cpu"))
        target = str(self.target)
        rich_print(report.table(target))
        if self.out is not None:
            atomic_write(self.out / RESULT, report.to_json(target, environment))
            print(f"Written: {printable(self.out / RESULT)}")

    def _evaluate(self, progress: Progress) -> Report:
        from limner.evaluation.judge import choose_judge
        from limner.evaluation.measure import measure

        subject = _open_run(self.target) if self.target.is_dir() else _open_look(self.target)
        return measure(
            subject.plain,
            self._load_held_out(subject, progress),
            training=self._load_training(subject, progress),
            clips=self._read_clips(subject.pixels),
            levelled=subject.levelled,
            judge=choose_judge(subject.recipe),
            progress=progress,
        )

    def _load_held_out(self, subject: _Subject, progress: Progress) -> HeldOut:
        from limner.evaluation.pictures import HeldOut, load_held_out, read_folder
        from limner.evaluation.relative import MIN_PICTURES

        if self.pictures < MIN_PICTURES:
            raise LimnerError(f"--pictures is {self.pictures}; measures need {MIN_PICTURES} or more.")
        store = subject.store
        if self.against is None:
            if store is None:
                raise LimnerError(
                    f"{printable(self.target)} comes without its pictures: name a folder of real ones that "
                    "its training has not seen, with --against."
                )
            return load_held_out(store, subject.pixels, self.pictures)
        if store is not None and store.is_paired():
            raise LimnerError("This run learned from pairs, and --against has no inputs: leave it out.")
        if store is not None and store.index.settings.strokes and not self.strokes:
            print(
                "This run learned from pictures with brush strokes: give --strokes, unless these have them."
            )
        squares = read_folder(self.against, subject.pixels, self.pictures, progress, strokes=self.strokes)
        return HeldOut(squares, squares)

    def _load_training(self, subject: _Subject, progress: Progress) -> Tensor | None:
        from limner.evaluation.pictures import load_training, read_training

        if self.training is not None:
            return read_training(self.training, subject.pixels, progress, strokes=self.strokes)
        return None if subject.store is None else load_training(subject.store, subject.pixels)

    def _read_clips(self, pixels: int) -> dict[str, Tensor]:
        """Frames by the clips' names; clips of one name are numbered."""
        from limner.evaluation.pictures import read_frames

        clips: dict[str, Tensor] = {}
        for path in self.clip:
            name, number = slugify(path.stem), 2
            while name in clips:
                name, number = f"{slugify(path.stem)}-{number}", number + 1
            clips[name] = read_frames(path, pixels)
        return clips


@dataclass(frozen=True)
class _Subject:
    """What is measured."""

    plain: Painter
    levelled: Painter
    """The same with auto-levels, which are for cameras."""
    pixels: int
    recipe: Mapping[str, Any]
    """The fields of the recipe, as far as known."""
    store: ImageStore | None
    """The pictures of a run."""


def _open_run(folder: Path) -> _Subject:
    from limner.bench.painters import run_painters
    from limner.data.light import measure_light
    from limner.data.store import open_store
    from limner.light import PHOTOS
    from limner.training.run import open_run

    run = open_run(folder)
    try:
        store = open_store(run.pictures)
        light = measure_light(store)
    except LimnerError as error:
        print(printable(f"The run's pictures cannot be read: {error}"), file=sys.stderr)
        store, light = None, PHOTOS
    return _Subject(*run_painters(run, light), run.recipe.pixels, asdict(run.recipe), store)


def _open_look(path: Path) -> _Subject:
    from limner.bench.painters import look_painters
    from limner.look.look import open_look

    look = open_look(path)
    return _Subject(*look_painters(look), look.pixels, look.recipe, None)
