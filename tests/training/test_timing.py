"""The throughput of steps, and the times of checkpoints."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from limner.training.timing import StepTimer


@dataclass
class Clock:
    now: float = 1000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("limner.training.timing.time", clock)
    return clock


def test_checkpoints_are_frequent_at_first_and_take_at_most_a_tenth_of_the_time(clock: Clock) -> None:
    timer = StepTimer(4, 0.0)
    checkpoints = []
    while clock.now < 1600:
        clock.now += 1
        if timer.checkpoint_due(epoch_over=False):
            start = clock.now
            clock.now += 0.1
            timer.end_checkpoint(start)
            checkpoints.append(clock.now - 1000)
    assert len([second for second in checkpoints if second < 60]) > 5
    gaps = [later - earlier for earlier, later in itertools.pairwise(checkpoints)]
    assert min(gaps) >= 5
    assert 58 < max(gaps) < 63
    start = clock.now
    clock.now += 20  # a large network on a slow disk
    timer.end_checkpoint(start)
    clock.now += 150
    assert not timer.checkpoint_due(epoch_over=True)
    clock.now += 51
    assert timer.checkpoint_due(epoch_over=True)
    start = clock.now
    clock.now += 90  # a still slower one
    timer.end_checkpoint(start)
    clock.now += 299
    assert not timer.checkpoint_due(epoch_over=True)
    clock.now += 2
    assert timer.checkpoint_due(epoch_over=False), "a kill costs five minutes at most"


def test_throughput_and_the_share_of_preparing(clock: Clock) -> None:
    timer = StepTimer(4, 100.0)
    assert timer.pictures_per_second == 0.0
    for _ in range(60):
        timer.start_step()
        clock.now += 0.5
        timer.end_preparing()
        clock.now += 1.5
        timer.end_step()
    assert timer.seconds_per_step == pytest.approx(2.0)
    assert timer.pictures_per_second == pytest.approx(2.0)
    assert timer.data_fraction == pytest.approx(0.25)
    assert timer.seconds == pytest.approx(220.0)
    assert timer.close_epoch() == pytest.approx(2.0)
