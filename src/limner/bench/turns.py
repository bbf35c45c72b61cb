"""Training several recipes for an equal time, in turns.

The time is that of the clock, as a person waits for it. Processor time would be blind to how well a recipe
uses several cores, and to a GPU. But a machine that is busy for an hour would slow down whichever recipe is
trained then. So the recipes take turns of a few minutes, and each meets the same load. Resuming is
bit-exact: turns change nothing but the clock. A turn that is killed is resumed from its last checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.data.store import ImageStore
from limner.display import printable, readable_duration
from limner.errors import LimnerError
from limner.recipe import Recipe
from limner.training.checkpoint import DamagedCheckpoint, list_checkpoints, read_checkpoint
from limner.training.loop import TrainingDiverged, train
from limner.training.reporter import NullReporter, Status
from limner.training.run import Run, open_run

TURN_MINUTES = 5.0


@dataclass(frozen=True)
class Training:
    """One recipe with one seed on one set, and where its run is."""

    recipe: Recipe
    pictures: ImageStore
    folder: Path


@dataclass(frozen=True)
class Trained:
    """What became of a training."""

    run: Run | None
    """None where nothing was saved."""
    steps: int
    seconds: float
    diverged: str | None
    """The sentence of a training that diverged; the run is then as of the last checkpoint."""


def train_in_turns(
    trainings: Sequence[Training],
    minutes: float,
    *,
    device: str | None = None,
    on_seconds: Callable[[float], None] = lambda _: None,
) -> list[Trained]:
    """Train all for `minutes`, in turns; a run that is in its folder already is continued.

    `on_seconds` gets the training time of all together. Raises LimnerError where a run was trained longer,
    and KeyboardInterrupt after Ctrl-C.
    """
    limit = 60 * minutes
    for training in trainings:
        steps, seconds = run_progress(training.folder)
        # The last step may end after the limit, and a checkpoint takes its time.
        if seconds > max(1.02 * limit, limit + 15):
            raise LimnerError(
                f"The run in {printable(training.folder)} was trained for {readable_duration(seconds)}, "
                f"{steps:,} steps: give at least as many --minutes, or another folder with --out."
            )
    diverged: dict[Path, str] = {}
    count = max(1, round(minutes / TURN_MINUTES))
    for turn in range(1, count + 1):
        for training in trainings:
            done = _seconds_by_folder(trainings)
            if training.folder in diverged or done[training.folder] >= limit * turn / count:
                continue
            report = _Seconds(sum(done.values()) - done[training.folder], on_seconds)
            try:
                train(
                    training.pictures,
                    training.recipe,
                    training.folder,
                    minutes=minutes * turn / count,
                    report=report,
                    device=device,
                )
            except TrainingDiverged as error:
                diverged[training.folder] = str(error)
            else:
                check_not_stopped(training.folder, limit * turn / count)
    return [_result(training, diverged) for training in trainings]


def check_not_stopped(folder: Path, seconds: float) -> None:
    """Raise KeyboardInterrupt after a training that Ctrl-C ended: it returns as if its time were up."""
    if run_progress(folder)[1] < seconds:
        raise KeyboardInterrupt


class _Seconds(NullReporter):
    """Tells the time of one training added to that of the others."""

    def __init__(self, others: float, on_seconds: Callable[[float], None]) -> None:
        self._others, self._on_seconds = others, on_seconds

    def on_step(self, status: Status) -> None:
        self._on_seconds(self._others + status.seconds)


def _result(training: Training, diverged: Mapping[Path, str]) -> Trained:
    steps, seconds = run_progress(training.folder)
    run = open_run(training.folder) if steps else None
    return Trained(run, steps, seconds, diverged.get(training.folder))


def _seconds_by_folder(trainings: Iterable[Training]) -> dict[Path, float]:
    return {training.folder: run_progress(training.folder)[1] for training in trainings}


def run_progress(folder: Path) -> tuple[int, float]:
    """The steps and seconds of the last intact checkpoint; zeros where there is none."""
    for path in list_checkpoints(folder / "checkpoints"):
        try:
            _, metadata = read_checkpoint(path, "none")
        except DamagedCheckpoint:
            continue
        return int(metadata["step"]), float(metadata["seconds"])
    return 0, 0.0
