"""Goals and pauses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from limner.data.loader import Position
from limner.training.budget import Budget
from limner.training.timing import StepTimer


@dataclass
class Clock:
    now: float = 1000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("limner.training.timing.time", made)
    return made


def test_the_paper_s_epochs_where_nobody_says() -> None:
    assert Budget.parse(None, None) == Budget(200, None)
    assert Budget.parse(None, 2.0) == Budget(None, 120.0)


def test_whichever_comes_first_is_left() -> None:
    goal = Budget.parse(3, 1.0)
    # 2 epochs of 10 steps, 4 of them made: 16 steps of 2 seconds, against 40 seconds.
    assert goal.seconds_left(Position(14, 1, 4), 20.0, 10, 2.0) == 32.0
    assert goal.seconds_left(Position(14, 1, 4), 50.0, 10, 2.0) == 10.0
    assert goal.seconds_left(Position(14, 1, 4), 70.0, 10, 2.0) == 0.0
    assert goal.time_reached(60.0)
    assert not goal.time_reached(59.9)
    assert goal.epochs_reached(Position(30, 3, 0))
    assert not goal.epochs_reached(Position(29, 2, 9))


def test_pauses_are_frequent_at_first_and_never_a_tenth(clock: Clock) -> None:
    pace = StepTimer(4, 0.0)
    paused = []
    while clock.now < 1600:
        clock.now += 1
        if pace.checkpoint_due(epoch_over=False):
            began = clock.now
            clock.now += 0.1
            pace.checkpointed(began)
            paused.append(clock.now - 1000)
    assert len([second for second in paused if second < 60]) > 5
    gaps = [later - earlier for earlier, later in itertools.pairwise(paused)]
    assert min(gaps) >= 5
    assert 58 < max(gaps) < 63
    began = clock.now
    clock.now += 20  # a large network on a slow disk
    pace.checkpointed(began)
    clock.now += 150
    assert not pace.checkpoint_due(epoch_over=True)
    clock.now += 51
    assert pace.checkpoint_due(epoch_over=True)
    began = clock.now
    clock.now += 90  # a still slower one
    pace.checkpointed(began)
    clock.now += 299
    assert not pace.checkpoint_due(epoch_over=True)
    clock.now += 2
    assert pace.checkpoint_due(epoch_over=False), "a cut costs five minutes at most"


def test_speed_and_the_share_of_preparing(clock: Clock) -> None:
    pace = StepTimer(4, 100.0)
    assert pace.pictures_per_second == 0.0
    for _ in range(60):
        pace.start_step()
        clock.now += 0.5
        pace.batch_ready()
        clock.now += 1.5
        pace.end_step()
    assert pace.per_step == pytest.approx(2.0)
    assert pace.pictures_per_second == pytest.approx(2.0)
    assert pace.data_fraction == pytest.approx(0.25)
    assert pace.seconds == pytest.approx(220.0)
    assert pace.close_epoch() == pytest.approx(2.0)
