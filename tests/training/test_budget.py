"""The budget: its default, its limits, and the time left."""

from __future__ import annotations

from limner.data.loader import Position
from limner.training.budget import Budget


def test_the_default_is_the_epochs_of_the_paper() -> None:
    assert Budget.parse(None, None) == Budget(200, None)
    assert Budget.parse(None, 2.0) == Budget(None, 120.0)


def test_the_time_left_is_that_of_the_nearer_limit() -> None:
    budget = Budget.parse(3, 1.0)
    # 2 epochs of 10 steps, 4 of them made: 16 steps of 2 seconds, against 40 seconds.
    assert budget.seconds_left(Position(14, 1, 4), 20.0, 10, 2.0) == 32.0
    assert budget.seconds_left(Position(14, 1, 4), 50.0, 10, 2.0) == 10.0
    assert budget.seconds_left(Position(14, 1, 4), 70.0, 10, 2.0) == 0.0
    assert budget.time_reached(60.0)
    assert not budget.time_reached(59.9)
    assert budget.epochs_reached(Position(30, 3, 0))
    assert not budget.epochs_reached(Position(29, 2, 9))
