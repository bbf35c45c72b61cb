"""Several processes train the same weights; the first one decides when to stop and to save."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import limner.training.loop
from helpers.stores import TINY, store
from limner.data.store import ImageStore
from limner.errors import LimnerError
from limner.training.distributed import ProcessGroup
from limner.training.log import RunLog
from limner.training.loop import train
from limner.training.run import begin_run
from limner.training.state import TrainState


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    return store(tmp_path_factory.mktemp("distributed"))


TRAIN_TWICE = """
import hashlib, os, sys
from pathlib import Path
import limner.training.loop
from limner.data.store import open_store
from helpers.stores import TINY

states = []

class State(limner.training.loop.TrainState):
    def __init__(self, *rest):
        super().__init__(*rest)
        states.append(self)

limner.training.loop.TrainState = State
for epochs in (2, 3):
    limner.training.loop.train(open_store(Path(sys.argv[1])), TINY, Path(sys.argv[2]), epochs=epochs)
    weights = hashlib.sha256()
    for network in (states[-1].generator, states[-1].discriminator):
        for parameter in network.parameters():
            weights.update(parameter.detach().contiguous().numpy().tobytes())
    print("weights", states[-1].position.step, weights.hexdigest(), flush=True)
"""


def test_two_processes_train_the_same_weights_and_resume(pictures: ImageStore, tmp_path: Path) -> None:
    script = tmp_path / "train_twice.py"
    script.write_text(TRAIN_TWICE)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    completed = subprocess.run(
        [*command, str(script), str(pictures.folder), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    lines = sorted(line for line in completed.stdout.splitlines() if line.startswith("weights"))
    assert [line.split()[1] for line in lines] == ["6", "6", "9", "9"]
    assert lines[0] == lines[1]
    assert lines[2] == lines[3]
    assert lines[0].split()[2] != lines[2].split()[2]
    records = RunLog(tmp_path / "run" / "log.jsonl").records()
    assert [record.step for record in records] == [3, 6, 9]
    assert records[-1].g_l1 < records[0].g_l1


def test_a_batch_that_cannot_be_shared_is_refused(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def three_processes(_: str | None) -> Iterator[ProcessGroup]:
        yield ProcessGroup(0, 3, torch.device("cpu"))

    monkeypatch.setattr(limner.training.loop, "process_group", three_processes)
    with pytest.raises(LimnerError, match="A batch of 4 cannot be shared by 3 processes"):
        train(pictures, TINY, tmp_path, epochs=1)


def test_only_the_clock_of_the_first_process_decides(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process pauses to write; the clocks of the others do not know that."""
    all_flags: list[tuple[bool, ...]] = []

    class Second(ProcessGroup):
        def any(self, *flags: bool) -> tuple[bool, ...]:
            all_flags.append(flags)
            return flags

        def all_reduce_mean(self, tensors: list[torch.Tensor]) -> None:
            """Keep the gradients: the other process has the same."""

        def broadcast(self, tensors: Iterable[torch.Tensor]) -> None:
            """Keep the state: both processes begin."""

        def barrier(self) -> None:
            """Do not wait."""

    @contextmanager
    def second_process(_: str | None) -> Iterator[ProcessGroup]:
        yield Second(1, 2, torch.device("cpu"))

    train(pictures, TINY, tmp_path, epochs=1)
    monkeypatch.setattr(limner.training.loop, "process_group", second_process)
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    train(pictures, TINY, tmp_path, epochs=2, minutes=1e-9)
    assert all_flags == [(False, False)] * 6


def test_all_processes_take_the_float16_scale_of_the_first(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradients that are scaled differently must not be averaged."""
    recipe = replace(TINY, precision="float16")
    states: list[TrainState] = []

    def make(*arguments: Any) -> TrainState:
        states.append(TrainState(*arguments))
        return states[-1]

    class Second(ProcessGroup):
        def broadcast(self, tensors: Iterable[torch.Tensor]) -> None:
            numbers = next(iter(tensors))
            numbers[:4] = torch.tensor([6.0, 2.0, 0.0, 1.5])
            numbers[4], numbers[-1] = 256.0, 7

    @contextmanager
    def second_process(_: str | None) -> Iterator[ProcessGroup]:
        yield Second(1, 1, torch.device("cpu"))

    begin_run(tmp_path, recipe, pictures.folder)
    monkeypatch.setattr(limner.training.loop, "TrainState", make)
    monkeypatch.setattr(limner.training.loop, "process_group", second_process)
    train(pictures, recipe, tmp_path, epochs=2)
    assert states[0].position.step == 6
    # The scaler creates its scale at its first use.
    states[0].scaler.scale(torch.ones(()))
    assert states[0].scaler.state_dict()["scale"] == 256
    assert states[0].scaler.state_dict()["_growth_tracker"] == 7


LOSE_PEER = """
import os, sys
import torch
from limner.errors import LimnerError
from limner.training.distributed import process_group

with process_group("cpu") as group:
    assert group.any(group.rank == 1) == (True,)
    if group.rank == 1:
        os._exit(0)
    try:
        while True:
            group.any(False)
    except LimnerError as error:
        print(error, flush=True)
        os._exit(0)
"""


def test_a_process_whose_peer_has_ended_raises_a_sentence() -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    completed = subprocess.run(
        [*command, "--no-python", sys.executable, "-c", LOSE_PEER],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.startswith(
        "One of the processes that train together has ended, or has not answered"
    )
