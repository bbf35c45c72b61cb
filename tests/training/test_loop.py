"""Training resumes bit-exactly, stops on request or on an error, and leaves its files in the run."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from PIL import Image

import limner.training.loop
from helpers.names import LATIN1
from helpers.stores import TINY, colours, store
from limner.data.store import ImageStore, StoredImage
from limner.errors import LimnerError
from limner.lock import LOCK, folder_lock
from limner.mark import read_image_mark
from limner.recipe import Precision
from limner.training.checkpoint import list_checkpoints, read_checkpoint
from limner.training.log import RunLog
from limner.training.loop import digest_of_store, train
from limner.training.pix2pix import train_step
from limner.training.reporter import NullReporter, Status
from limner.training.run import Run
from limner.training.signals import STOP_MESSAGES
from limner.training.state import TrainState

EPOCHS = 3
LONG_EPOCHS = 12
"""Epochs of a run that is still training when it is killed, even where the test is slow."""


class RecordingReporter(NullReporter):
    """Keeps what is reported, and calls `each` at every step."""

    def __init__(self, each: Callable[[Status], None] = lambda _: None) -> None:
        self.messages: list[str] = []
        self.sheets: list[Path] = []
        self.statuses: list[Status] = []
        self.each = each

    def on_step(self, status: Status) -> None:
        self.statuses.append(status)
        self.each(status)

    def on_samples(self, sheet: Path) -> None:
        self.sheets.append(sheet)

    def message(self, sentence: str) -> None:
        self.messages.append(sentence)


def at_step(step: int, act: Callable[[], None]) -> RecordingReporter:
    return RecordingReporter(lambda status: act() if status.step == step else None)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def whole(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was never interrupted."""
    return train(pictures, TINY, tmp_path_factory.mktemp("whole"), epochs=EPOCHS)


@pytest.fixture(scope="module")
def long(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A longer run that was never interrupted."""
    return train(pictures, TINY, tmp_path_factory.mktemp("long"), epochs=LONG_EPOCHS)


def last_tensors(run: Run) -> dict[str, torch.Tensor]:
    return read_checkpoint(list_checkpoints(run.checkpoints)[0])[0]


def assert_same(run: Run, expected: Run) -> None:
    """Weights, optimisers and log are bit-exactly equal, except for times."""
    tensors, expected_tensors = last_tensors(run), last_tensors(expected)
    assert tensors.keys() == expected_tensors.keys()
    assert [name for name in tensors if not torch.equal(tensors[name], expected_tensors[name])] == []
    logs = [
        [replace(e, pictures_per_second=0.0, seconds=0.0, time="") for e in RunLog(r.log).records()]
        for r in (run, expected)
    ]
    assert logs[0] == logs[1]


TRAIN = """
import sys
import time
from pathlib import Path
import limner.training.timing
from limner.data.store import open_store
from limner.training.reporter import NullReporter
from limner.training.loop import digest_of_store, train
from helpers.names import LATIN1
from helpers.stores import TINY

# Write a checkpoint after every step.
limner.training.timing.MIN_INTERVAL = limner.training.timing.MAX_INTERVAL = 0.0

class StepPrinter(NullReporter):
    def on_step(self, status):
        print(status.step, flush=True)
        if status.step > 18:  # a busy machine may be late to kill it
            time.sleep(1)

train(open_store(Path(sys.argv[1])), TINY, Path(sys.argv[2]), epochs=int(sys.argv[3]), report=StepPrinter())
"""


def start_training(pictures: ImageStore, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(pictures.folder), str(folder), str(LONG_EPOCHS)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


@pytest.mark.parametrize(("kill_at", "later"), [(2, 0.03), (4, 0.11), (6, 0.17)])
def test_a_killed_run_resumes_bit_exactly(
    pictures: ImageStore, long: Run, tmp_path: Path, kill_at: int, later: float
) -> None:
    process = start_training(pictures, tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= kill_at:
            break
    time.sleep(later)  # at any point: in a step, a checkpoint or a sheet
    process.kill()
    assert process.wait() == -signal.SIGKILL, f"training ended before it was killed after step {kill_at}"
    saved_step = read_step(tmp_path)
    assert 0 < saved_step < LONG_EPOCHS * 3, f"killed {later} s after step {kill_at}"
    resumed = train(pictures, TINY, tmp_path, epochs=LONG_EPOCHS)
    assert_same(resumed, long)


def test_additional_checkpoints_change_nothing(
    pictures: ImageStore, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    reporter = RecordingReporter()
    run = train(pictures, TINY, tmp_path, epochs=EPOCHS, report=reporter)
    assert len(reporter.sheets) == EPOCHS * 3
    assert_same(run, whole)


def test_ctrl_c_stops_after_the_step_and_the_same_command_resumes(
    pictures: ImageStore, whole: Run, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGINT)
    reporter = at_step(4, interrupt)  # in the middle of the second epoch
    train(pictures, TINY, tmp_path, epochs=EPOCHS, report=reporter)
    assert signal.getsignal(signal.SIGINT) is before
    assert reporter.statuses[-1].step <= 5
    step = reporter.statuses[-1].step
    assert reporter.messages[:3] == [
        "Training ends after 3 epochs.",
        STOP_MESSAGES[signal.SIGINT],
        f"Stopped at step {step}. The same command resumes from there.",
    ]
    assert reporter.messages[3].startswith(f"Trained 1 whole epochs, {step} steps, in 0.")
    assert reporter.messages[3].endswith(f" minutes. The run is in {tmp_path}.")
    resumed = RecordingReporter()
    run = train(pictures, TINY, tmp_path, epochs=EPOCHS, report=resumed)
    assert resumed.messages[0] == f"Resuming at step {step}."
    assert resumed.messages[2].startswith("Trained 3 whole epochs, 9 steps, in 0.")
    assert resumed.statuses[0].step == step + 1
    assert_same(run, whole)


def test_a_second_ctrl_c_ends_at_once(pictures: ImageStore, tmp_path: Path) -> None:
    def interrupt_twice() -> None:
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        train(pictures, TINY, tmp_path, epochs=1, report=at_step(1, interrupt_twice))
    assert list_checkpoints(tmp_path / "checkpoints") == []


def test_sigterm_stops_after_saving(pictures: ImageStore, tmp_path: Path) -> None:
    process = start_training(pictures, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait() == 143, "the exit code of a program that SIGTERM ended"
    assert 1 <= read_step(tmp_path) < LONG_EPOCHS * 3
    assert (tmp_path / "film.gif").exists()


def read_step(folder: Path) -> int:
    return int(read_checkpoint(list_checkpoints(folder / "checkpoints")[0])[1]["step"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_nan_or_infinite_loss_stops_training_and_keeps_the_checkpoint(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    train(pictures, TINY, tmp_path, epochs=1)
    good = {path: path.read_bytes() for path in list_checkpoints(tmp_path / "checkpoints")}

    def diverge(state: TrainState, *rest: Any) -> torch.Tensor:
        losses = train_step(state, *rest)
        if state.position.step == 4:
            losses[2] = value
        return losses

    monkeypatch.setattr(limner.training.loop, "train_step", diverge)
    with pytest.raises(
        LimnerError, match=r"diverged at step 5: the loss g_adversarial .* kept as of step 3"
    ):
        train(pictures, TINY, tmp_path, epochs=3)
    assert good == {path: path.read_bytes() for path in list_checkpoints(tmp_path / "checkpoints")}


def test_a_nan_weight_is_never_saved(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[TrainState] = []

    def make(*arguments: Any) -> TrainState:
        states.append(TrainState(*arguments))
        return states[0]

    monkeypatch.setattr(limner.training.loop, "TrainState", make)

    def break_a_weight() -> None:
        states[0].generator.get_parameter("last.weight").data[0, 0, 0, 0] = float("nan")

    with pytest.raises(LimnerError, match=r"a weight is NaN or infinite\. Nothing was saved yet"):
        train(pictures, TINY, tmp_path, epochs=1, report=at_step(3, break_a_weight))
    assert list_checkpoints(tmp_path / "checkpoints") == []


def test_a_full_disk_leaves_the_earlier_checkpoint(pictures: ImageStore, tmp_path: Path) -> None:
    train(pictures, TINY, tmp_path, epochs=1)
    good = {path: path.read_bytes() for path in list_checkpoints(tmp_path / "checkpoints")}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(LimnerError, match=r"step-00000006\.safetensors cannot be written"):
            train(pictures, TINY, tmp_path, epochs=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert good == {path: path.read_bytes() for path in (tmp_path / "checkpoints").iterdir()}
    train(pictures, TINY, tmp_path, epochs=2)
    assert read_step(tmp_path) == 6


class Clock:
    """A clock that advances only between steps, so that a busy machine changes nothing."""

    now = 1000.0

    def perf_counter(self) -> float:
        self.now += 1e-6
        return self.now

    def pass_by(self, _: Status) -> None:
        self.now += 0.25


def test_minutes_include_earlier_sessions(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("limner.training.timing.time", clock)
    monkeypatch.setattr("limner.training.loop.time", clock)
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=RecordingReporter(clock.pass_by))
    assert read_step(tmp_path) == 6, "training stops at the first step after 1.2 s, at 1.25 s"
    reporter = RecordingReporter()
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=reporter)
    assert read_step(tmp_path) == 6
    assert reporter.statuses == []
    assert reporter.messages == [
        "Resuming at step 6.",
        "This run has already reached its budget, at step 6: to train it further, give more epochs or "
        "minutes.",
    ]
    clock.now += 99  # time between sessions does not count
    monkeypatch.setattr("limner.training.loop.ESTIMATE_STEPS", 2)
    reporter = RecordingReporter(clock.pass_by)
    train(pictures, TINY, tmp_path, minutes=1.8 / 60, report=reporter)
    assert reporter.messages[1:3] == [
        "Training ends after 0.03 minutes.",
        "At this speed it ends in about 0 s, after 3 epochs.",
    ]
    assert read_step(tmp_path) == 9, "1.5 s of the budget were used before"


def test_batch_norm_statistics_are_recomputed_once_per_step(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalibrations: list[int] = []
    monkeypatch.setattr(limner.training.loop, "recalibrate_batch_norm", lambda *_: recalibrations.append(1))
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    train(pictures, TINY, tmp_path, epochs=2)
    assert len(recalibrations) == 6, "each of six steps has a checkpoint, two of them end an epoch"


def test_the_files_of_a_run(whole: Run) -> None:
    records = [json.loads(line) for line in whole.log.read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2, 3]
    assert [record["step"] for record in records] == [3, 6, 9]
    for record in records:
        assert 0 < record["held_out_l1"] < 2
        assert 0 < record["g_l1"] < 2
        assert min(record["d_real"], record["d_fake"], record["g_adversarial"]) > 0
        assert record["pictures_per_second"] > 0
    assert records[0]["seconds"] < records[-1]["seconds"]
    assert records[0]["g_perceptual"] > records[-1]["g_perceptual"], "it learns"
    assert whole.sheets()[-1].name == "step-00000009.jpg"
    with Image.open(whole.film) as film:
        assert film.n_frames == len(whole.sheets())  # type: ignore[attr-defined]
    generator = whole.generator()
    with torch.no_grad():
        assert generator(torch.zeros(1, 1, TINY.guide_side, TINY.guide_side)).isfinite().all()


def test_a_longer_run_comes_nearer_to_the_pictures(long: Run) -> None:
    first, *_, last = RunLog(long.log).records()
    assert last.g_perceptual < 0.8 * first.g_perceptual
    assert last.g_l1 < first.g_l1
    assert last.held_out_l1 is not None and first.held_out_l1 is not None
    assert last.held_out_l1 < first.held_out_l1


def test_sheets_after_the_checkpoint_are_replaced(pictures: ImageStore, tmp_path: Path) -> None:
    run = train(pictures, TINY, tmp_path, epochs=1)
    newer = run.samples / "step-00000099.jpg"
    newer.write_bytes(run.sheets()[-1].read_bytes())
    left_over = run.checkpoints / ".step-00000099.safetensors.x.part"
    left_over.write_bytes(b"half")
    train(pictures, TINY, tmp_path, epochs=2)
    assert [int(sheet.stem[5:]) for sheet in run.sheets()] == [3, 6]
    assert not left_over.exists()


def test_pictures_of_a_person_in_a_run_stay(pictures: ImageStore, tmp_path: Path) -> None:
    run = train(pictures, TINY, tmp_path, epochs=1)
    theirs = [run.samples / f"step-{step:08}.jpg" for step in (6, 900)]
    for path in theirs:
        colours(1).save(path)
    before = [path.read_bytes() for path in theirs]

    def replace_film() -> None:
        colours(1).save(run.film)

    reporter = at_step(5, replace_film)
    train(pictures, TINY, tmp_path, epochs=2, report=reporter)
    assert [path.read_bytes() for path in theirs] == before
    assert read_image_mark(run.film) is None
    stays = "holds what limner did not write: it stays, and no"
    assert reporter.messages[2:4] == [
        f"{theirs[0]} {stays} sample sheet is written.",
        f"{run.film} {stays} film is written.",
    ]
    # A film that a person put there does not stop training.
    train(pictures, TINY, tmp_path, epochs=3)
    assert read_step(tmp_path) == 9
    assert read_image_mark(run.film) is None
    run.film.unlink()
    train(pictures, TINY, tmp_path, epochs=3)
    with Image.open(run.film) as film:
        assert getattr(film, "n_frames", 1) == len(run.sheets())


@pytest.mark.parametrize("due", ["a checkpoint", "a record"])
def test_a_run_that_is_moved_is_not_written_to_its_old_place(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, due: str
) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved"
    train(pictures, TINY, run, epochs=1)
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: due == "a checkpoint")

    def move() -> None:
        run.rename(moved)

    with pytest.raises(LimnerError, match="run was moved or deleted while it was being trained"):
        train(pictures, TINY, run, epochs=3, report=at_step(4, move))
    assert not run.exists()
    train(pictures, TINY, moved, epochs=2)
    assert read_step(moved) == 6


def test_changed_pictures_are_reported(pictures: ImageStore, tmp_path: Path) -> None:
    train(pictures, TINY, tmp_path / "run", epochs=1)
    reporter = RecordingReporter()
    more = store(tmp_path / "more", 20)
    train(more, TINY, tmp_path / "run", epochs=2, report=reporter)
    assert "The pictures have changed since; training uses the new ones." in reporter.messages
    assert read_step(tmp_path / "run") == 3 + -(-len(more.training) // 4)


@pytest.mark.parametrize(
    "changes", [{"guide": "colour"}, {"guide": "edges", "upsampling": "transposed", "size": "small"}]
)
def test_other_guides_and_pairs_train(tmp_path: Path, changes: dict[str, str]) -> None:
    recipe = replace(TINY, **changes)  # type: ignore[arg-type]
    run = train(store(tmp_path / "pairs", same_inputs=True), recipe, tmp_path / "run", epochs=1)
    assert len(RunLog(run.log).records()) == 1


@pytest.mark.parametrize(
    "precision",
    ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)],  # slow: a CPU emulates it
)
def test_half_precision_trains(pictures: ImageStore, tmp_path: Path, precision: Precision) -> None:
    recipe = replace(TINY, precision=precision)
    # The loss scale of float16 starts too high on purpose; the first steps only lower it.
    run = train(pictures, recipe, tmp_path, epochs=1 if precision == "bfloat16" else 4)
    before = TrainState(recipe, torch.device("cpu")).tensors()
    after = last_tensors(run)
    moved = [name for name in before if name.endswith("conv.weight.exp_avg") and after[name].any()]
    assert len(moved) > 8
    # Only the computation is in half precision: the state stays in full precision.
    assert {name: t.dtype for name, t in before.items()} == {name: t.dtype for name, t in after.items()}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; choose 1 or more"),
        ({"minutes": 0.0}, "minutes is 0.0; choose a number above 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"epochs": 1, "device": "warp"}, "There is no device warp here"),
        ({"epochs": 1, "device": "mps"}, "cpu or cuda, and not yet on mps"),
    ],
)
def test_wrong_options_are_refused(
    pictures: ImageStore, tmp_path: Path, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(LimnerError, match=sentence):
        train(pictures, TINY, tmp_path / "run", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_pictures_of_another_size_are_refused(pictures: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="prepared for 64 pixels, and the recipe says 128"):
        train(pictures, replace(TINY, pixels=128), tmp_path, epochs=1)


def test_the_digest_of_a_store_takes_any_names() -> None:
    """For valid names it stays as it was: a run must not say that its pictures changed."""
    entry = StoredImage("a.jpg", 0, 1, 1, "0123456789abcdef", held_out=False, enlarged=False, trimmed=False)
    pictures = Mock()
    pictures.index.entries = [entry, replace(entry, name="花.png")]
    assert digest_of_store(pictures) == "24a24bd915a74ea9"
    pictures.index.entries = [replace(entry, name=LATIN1)]
    assert digest_of_store(pictures) != "24a24bd915a74ea9"


def test_one_trainer_at_a_time(pictures: ImageStore, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with (
        folder_lock(run, "trained"),
        pytest.raises(LimnerError, match=rf"run is being trained by process {os.getpid()}, since"),
    ):
        train(pictures, TINY, run, epochs=1)
    assert not run.exists()
    locked: list[bool] = []
    train(pictures, TINY, run, epochs=1, report=at_step(1, lambda: locked.append((run / LOCK).exists())))
    assert locked == [True]
    assert not (run / LOCK).exists()


def test_a_folder_that_is_not_a_run_gets_no_lock(pictures: ImageStore, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(LimnerError, match="is not empty and not a run"):
        train(pictures, TINY, tmp_path, epochs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]
