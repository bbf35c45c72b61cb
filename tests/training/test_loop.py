"""Training resumes to the bit, stops when it is wished or must, and leaves what it says it leaves."""

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

import pytest
import torch
from PIL import Image

import limner.training.loop
from helpers.stores import TINY, store
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.recipe import Precision
from limner.training.checkpoint import list_checkpoints, read_checkpoint
from limner.training.log import RunLog
from limner.training.loop import train
from limner.training.pix2pix import train_step
from limner.training.reporter import NullReporter, Status
from limner.training.run import Run
from limner.training.signals import STOPPING
from limner.training.state import TrainState

EPOCHS = 3
MANY = 12
"""Epochs of a run that is still going when it is killed, even where the killer is slow."""


class Telling(NullReporter):
    """Remembers what it is told, and calls `each` at every step."""

    def __init__(self, each: Callable[[Status], None] = lambda _: None) -> None:
        self.notes: list[str] = []
        self.sheets: list[Path] = []
        self.statuses: list[Status] = []
        self.each = each

    def on_step(self, status: Status) -> None:
        self.statuses.append(status)
        self.each(status)

    def on_samples(self, sheet: Path) -> None:
        self.sheets.append(sheet)

    def message(self, sentence: str) -> None:
        self.notes.append(sentence)


def at_step(step: int, act: Callable[[], None]) -> Telling:
    return Telling(lambda status: act() if status.step == step else None)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def whole(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was never cut."""
    return train(pictures, TINY, tmp_path_factory.mktemp("whole"), epochs=EPOCHS)


@pytest.fixture(scope="module")
def long(pictures: ImageStore, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A longer one."""
    return train(pictures, TINY, tmp_path_factory.mktemp("long"), epochs=MANY)


def last_tensors(run: Run) -> dict[str, torch.Tensor]:
    return read_checkpoint(list_checkpoints(run.checkpoints)[0])[0]


def assert_same(run: Run, other: Run) -> None:
    """Weights, optimisers and log are alike to the bit, but for the clock."""
    tensors, others = last_tensors(run), last_tensors(other)
    assert tensors.keys() == others.keys()
    assert [name for name in tensors if not torch.equal(tensors[name], others[name])] == []
    entries = [
        [replace(e, pictures_per_second=0.0, seconds=0.0, time="") for e in RunLog(r.log).records()]
        for r in (run, other)
    ]
    assert entries[0] == entries[1]


SITTING = """
import sys
import time
from pathlib import Path
import limner.training.timing
from limner.data.store import open_store
from limner.training.reporter import NullReporter
from limner.training.loop import train
from helpers.stores import TINY

# Write a checkpoint whenever it may be written.
limner.training.timing.MIN_INTERVAL = limner.training.timing.MAX_INTERVAL = 0.0

class Aloud(NullReporter):
    def on_step(self, status):
        print(status.step, flush=True)
        if status.step > 18:  # a busy machine may be late to kill it
            time.sleep(1)

train(open_store(Path(sys.argv[1])), TINY, Path(sys.argv[2]), epochs=int(sys.argv[3]), report=Aloud())
"""


def sitting(pictures: ImageStore, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SITTING, str(pictures.folder), str(folder), str(MANY)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


@pytest.mark.parametrize(("kill_at", "later"), [(2, 0.03), (4, 0.11), (6, 0.17)])
def test_a_run_that_is_killed_goes_on_to_the_bit(
    pictures: ImageStore, long: Run, tmp_path: Path, kill_at: int, later: float
) -> None:
    process = sitting(pictures, tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= kill_at:
            break
    time.sleep(later)  # anywhere: in a step, in a checkpoint, in a sheet
    process.kill()
    assert process.wait() == -signal.SIGKILL, f"it was over before it was killed after step {kill_at}"
    cut_at = read_step(tmp_path)
    assert 0 < cut_at < MANY * 3, f"killed {later} s after step {kill_at}"
    resumed = train(pictures, TINY, tmp_path, epochs=MANY)
    assert_same(resumed, long)


def test_the_clock_s_checkpoints_change_nothing(
    pictures: ImageStore, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    telling = Telling()
    run = train(pictures, TINY, tmp_path, epochs=EPOCHS, report=telling)
    assert len(telling.sheets) == EPOCHS * 3
    assert_same(run, whole)


def test_ctrl_c_stops_after_the_step_and_the_same_command_goes_on(
    pictures: ImageStore, whole: Run, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGINT)
    telling = at_step(4, interrupt)  # in the middle of the second epoch
    train(pictures, TINY, tmp_path, epochs=EPOCHS, report=telling)
    assert signal.getsignal(signal.SIGINT) is before
    assert telling.statuses[-1].step <= 5
    step = telling.statuses[-1].step
    assert telling.notes[:2] == [
        STOPPING[signal.SIGINT],
        f"Stopped at step {step}. The same command goes on from there.",
    ]
    assert telling.notes[2].startswith(f"Trained 1 whole epochs, {step} steps, in 0.")
    assert telling.notes[2].endswith(f" minutes. The run is in {tmp_path}.")
    again = Telling()
    run = train(pictures, TINY, tmp_path, epochs=EPOCHS, report=again)
    assert again.notes[0] == f"Going on from step {step}."
    assert again.notes[1].startswith("Trained 3 whole epochs, 9 steps, in 0.")
    assert again.statuses[0].step == step + 1
    assert_same(run, whole)


def test_a_second_ctrl_c_ends_at_once(pictures: ImageStore, tmp_path: Path) -> None:
    def twice() -> None:
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        train(pictures, TINY, tmp_path, epochs=1, report=at_step(1, twice))
    assert list_checkpoints(tmp_path / "checkpoints") == []


def test_sigterm_stops_cleanly(pictures: ImageStore, tmp_path: Path) -> None:
    process = sitting(pictures, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert process.wait() == 143, "as a program that SIGTERM ended"
    assert 1 <= read_step(tmp_path) < MANY * 3
    assert (tmp_path / "film.gif").exists()


def read_step(folder: Path) -> int:
    return int(read_checkpoint(list_checkpoints(folder / "checkpoints")[0])[1]["step"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_at_the_last_good_checkpoint(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    train(pictures, TINY, tmp_path, epochs=1)
    good = {path: path.read_bytes() for path in list_checkpoints(tmp_path / "checkpoints")}

    def break_down(state: TrainState, *rest: Any) -> torch.Tensor:
        losses = train_step(state, *rest)
        if state.position.step == 4:
            losses[2] = value
        return losses

    monkeypatch.setattr(limner.training.loop, "train_step", break_down)
    with pytest.raises(
        LimnerError, match=r"broke down at step 5: the loss g_adversarial .* kept as it was at step 3"
    ):
        train(pictures, TINY, tmp_path, epochs=3)
    assert good == {path: path.read_bytes() for path in list_checkpoints(tmp_path / "checkpoints")}


def test_a_weight_that_is_no_number_is_never_saved(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[TrainState] = []

    def make(*arguments: Any) -> TrainState:
        made.append(TrainState(*arguments))
        return made[0]

    monkeypatch.setattr(limner.training.loop, "TrainState", make)

    def break_a_weight() -> None:
        next(made[0].generator.parameters()).data[0, 0, 0, 0] = float("nan")

    with pytest.raises(LimnerError, match=r"a weight is no number any more\. Nothing was saved yet"):
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
    """Time that passes between steps, and next to none of it within: a busy machine changes nothing."""

    now = 1000.0

    def perf_counter(self) -> float:
        self.now += 1e-6
        return self.now

    def pass_by(self, _: Status) -> None:
        self.now += 0.25


def test_minutes_count_over_sittings(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("limner.training.timing.time", clock)
    monkeypatch.setattr("limner.training.loop.time", clock)
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=Telling(clock.pass_by))
    assert read_step(tmp_path) == 6, "the first step after 1.2 s is after five quarters of a second"
    telling = Telling()
    train(pictures, TINY, tmp_path, minutes=1.2 / 60, report=telling)
    assert read_step(tmp_path) == 6
    assert telling.statuses == []
    assert telling.notes == ["Going on from step 6.", "This run has reached its goal already, at step 6."]
    clock.now += 99  # between sittings: counts nothing
    train(pictures, TINY, tmp_path, minutes=1.8 / 60, report=Telling(clock.pass_by))
    assert read_step(tmp_path) == 9, "1.5 s were over before it"


def test_statistics_are_counted_once_for_a_step(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[int] = []
    monkeypatch.setattr(limner.training.loop, "recalibrate_batch_norm", lambda *_: settled.append(1))
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    train(pictures, TINY, tmp_path, epochs=2)
    assert len(settled) == 6, "at each of six steps a pause, two of them the ends of epochs"


def test_what_a_run_leaves(whole: Run) -> None:
    entries = [json.loads(line) for line in whole.log.read_text().splitlines()]
    assert [entry["epoch"] for entry in entries] == [1, 2, 3]
    assert [entry["step"] for entry in entries] == [3, 6, 9]
    for entry in entries:
        assert 0 < entry["held_out_l1"] < 2
        assert 0 < entry["g_l1"] < 2
        assert min(entry["d_real"], entry["d_fake"], entry["g_adversarial"]) > 0
        assert entry["pictures_per_second"] > 0
    assert entries[0]["seconds"] < entries[-1]["seconds"]
    assert entries[0]["g_l1"] > entries[-1]["g_l1"], "it learns"
    assert whole.sheets()[-1].name == "step-00000009.jpg"
    with Image.open(whole.film) as film:
        assert film.n_frames == len(whole.sheets())  # type: ignore[attr-defined]
    generator = whole.generator()
    with torch.no_grad():
        assert generator(torch.zeros(1, 1, 64, 64)).isfinite().all()


def test_sheets_past_the_checkpoint_come_again(pictures: ImageStore, tmp_path: Path) -> None:
    run = train(pictures, TINY, tmp_path, epochs=1)
    late = run.samples / "step-00000099.jpg"
    late.write_bytes(run.sheets()[-1].read_bytes())
    left_over = run.checkpoints / ".step-00000099.safetensors.x.part"
    left_over.write_bytes(b"half")
    train(pictures, TINY, tmp_path, epochs=2)
    assert [int(sheet.stem[5:]) for sheet in run.sheets()] == [3, 6]
    assert not left_over.exists()


def test_changed_pictures_are_said(pictures: ImageStore, tmp_path: Path) -> None:
    train(pictures, TINY, tmp_path / "run", epochs=1)
    telling = Telling()
    more = store(tmp_path / "more", 20)
    train(more, TINY, tmp_path / "run", epochs=2, report=telling)
    assert "The pictures have changed since; training goes on with these." in telling.notes
    assert read_step(tmp_path / "run") == 3 + -(-len(more.training) // 4)


@pytest.mark.parametrize("changes", [{"guide": "colour"}, {"guide": "edges", "upsampling": "transposed"}])
def test_other_guides_and_pairs_learn(tmp_path: Path, changes: dict[str, str]) -> None:
    recipe = replace(TINY, **changes)  # type: ignore[arg-type]
    run = train(store(tmp_path / "pairs", same_inputs=True), recipe, tmp_path / "run", epochs=1)
    assert len(RunLog(run.log).records()) == 1


@pytest.mark.parametrize(
    "precision",
    ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)],  # slow: a CPU imitates it
)
def test_half_precision_learns(pictures: ImageStore, tmp_path: Path, precision: Precision) -> None:
    recipe = replace(TINY, precision=precision)
    # float16's scale of losses starts too high on purpose, and the first steps go into lowering it.
    run = train(pictures, recipe, tmp_path, epochs=1 if precision == "bfloat16" else 4)
    before = TrainState(recipe, torch.device("cpu")).tensors()
    after = last_tensors(run)
    moved = [name for name in before if name.endswith("conv.weight.exp_avg") and after[name].any()]
    assert len(moved) > 8
    # Half precision is for computing: what is learned is kept in full.
    assert {name: t.dtype for name, t in before.items()} == {name: t.dtype for name, t in after.items()}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epochs": 0}, "epochs is 0; choose 1 or more"),
        ({"minutes": 0.0}, "minutes is 0.0; choose more than 0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"epochs": 1, "device": "warp"}, "There is no device warp here"),
        ({"epochs": 1, "device": "mps"}, "cpu or cuda, and not yet on mps"),
    ],
)
def test_refuses(pictures: ImageStore, tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(LimnerError, match=said):
        train(pictures, TINY, tmp_path / "run", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_refuses_pictures_of_another_size(pictures: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="prepared for 64 pixels, and the recipe says 128"):
        train(pictures, replace(TINY, pixels=128), tmp_path, epochs=1)
