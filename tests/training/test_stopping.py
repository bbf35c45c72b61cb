"""Training resumes bit-exactly after any end, and stops on request or on an error."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import limner.training.loop
from helpers.stores import TINY
from helpers.training import EPOCHS, LONG_EPOCHS, RecordingReporter, at_step, last_tensors, read_step
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.training.checkpoint import list_checkpoints
from limner.training.log import RunLog
from limner.training.loop import train
from limner.training.pix2pix import train_step
from limner.training.run import Run
from limner.training.signals import STOP_MESSAGES
from limner.training.state import TrainState

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


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


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
