"""Several processes train as one: the same weights in all, and one of them decides."""

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
    return store(tmp_path_factory.mktemp("together"))


TOGETHER = """
import hashlib, os, sys
from pathlib import Path
import limner.training.loop
from limner.data.store import open_store
from helpers.stores import TINY

made = []

class State(limner.training.loop.TrainState):
    def __init__(self, *rest):
        super().__init__(*rest)
        made.append(self)

limner.training.loop.TrainState = State
for epochs in (2, 3):
    limner.training.loop.train(open_store(Path(sys.argv[1])), TINY, Path(sys.argv[2]), epochs=epochs)
    weights = hashlib.sha256()
    for network in (made[-1].generator, made[-1].discriminator):
        for parameter in network.parameters():
            weights.update(parameter.detach().contiguous().numpy().tobytes())
    print("weights", made[-1].position.step, weights.hexdigest(), flush=True)
"""


def test_two_processes_learn_the_same_and_go_on(pictures: ImageStore, tmp_path: Path) -> None:
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(script), str(pictures.folder), str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = sorted(line for line in done.stdout.splitlines() if line.startswith("weights"))
    assert [line.split()[1] for line in said] == ["6", "6", "9", "9"]
    assert said[0] == said[1]
    assert said[2] == said[3]
    assert said[0].split()[2] != said[2].split()[2]
    entries = RunLog(tmp_path / "run" / "log.jsonl").records()
    assert [entry.step for entry in entries] == [3, 6, 9]
    assert entries[-1].g_l1 < entries[0].g_l1


def test_a_batch_that_cannot_be_shared_is_refused(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def three(_: str | None) -> Iterator[ProcessGroup]:
        yield ProcessGroup(0, 3, torch.device("cpu"))

    monkeypatch.setattr(limner.training.loop, "process_group", three)
    with pytest.raises(LimnerError, match="A batch of 4 cannot be shared by 3 processes"):
        train(pictures, TINY, tmp_path, epochs=1)


def test_the_others_do_not_decide_by_their_clocks(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process pauses to write; the others' clocks do not know."""
    asked: list[tuple[bool, ...]] = []

    class Second(ProcessGroup):
        def any(self, *flags: bool) -> tuple[bool, ...]:
            asked.append(flags)
            return flags

        def all_reduce_mean(self, tensors: list[torch.Tensor]) -> None:
            """The other one learns just the same."""

        def broadcast(self, tensors: Iterable[torch.Tensor]) -> None:
            """Both begin."""

        def barrier(self) -> None:
            """The other one is here."""

    @contextmanager
    def second(_: str | None) -> Iterator[ProcessGroup]:
        yield Second(1, 2, torch.device("cpu"))

    train(pictures, TINY, tmp_path, epochs=1)
    monkeypatch.setattr(limner.training.loop, "process_group", second)
    monkeypatch.setattr("limner.training.timing.StepTimer.checkpoint_due", lambda *_: True)
    train(pictures, TINY, tmp_path, epochs=2, minutes=1e-9)
    assert asked == [(False, False)] * 6


def test_all_follow_the_first_one_s_scale_of_float16(
    pictures: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradients that are scaled differently must not be averaged."""
    recipe = replace(TINY, precision="float16")
    made: list[TrainState] = []

    def make(*arguments: Any) -> TrainState:
        made.append(TrainState(*arguments))
        return made[-1]

    class Second(ProcessGroup):
        def broadcast(self, tensors: Iterable[torch.Tensor]) -> None:
            numbers = next(iter(tensors))
            numbers[:4] = torch.tensor([6.0, 2.0, 0.0, 1.5])
            numbers[4], numbers[-1] = 256.0, 7

    @contextmanager
    def second(_: str | None) -> Iterator[ProcessGroup]:
        yield Second(1, 1, torch.device("cpu"))

    begin_run(tmp_path, recipe, pictures.folder)
    monkeypatch.setattr(limner.training.loop, "TrainState", make)
    monkeypatch.setattr(limner.training.loop, "process_group", second)
    train(pictures, recipe, tmp_path, epochs=2)
    assert made[0].position.step == 6
    # The scale as it will be once it is made, at the first step.
    made[0].scaler.scale(torch.ones(()))
    assert made[0].scaler.state_dict()["scale"] == 256
    assert made[0].scaler.state_dict()["_growth_tracker"] == 7
