"""The budget: its default, its limits, and the time left."""

from __future__ import annotations

import math

import pytest

from limner.data.loader import Position
from limner.errors import LimnerError
from limner.training.budget import Budget


def test_the_default_is_the_epochs_of_the_paper_or_an_evening() -> None:
    assert Budget.parse(None, None) == Budget(200, 10_800.0)
    assert Budget.parse(None, 2.0) == Budget(None, 120.0)
    assert Budget.parse(50, None) == Budget(50, None)


@pytest.mark.parametrize("minutes", [0.0, -1.0, math.inf, math.nan])
def test_only_a_number_of_minutes_is_a_budget(minutes: float) -> None:
    with pytest.raises(LimnerError, match=r"minutes is .*give --epochs"):
        Budget.parse(None, minutes)


def test_it_says_when_training_ends() -> None:
    assert Budget.parse(None, None).describe() == (
        "Training ends after 200 epochs or 180 minutes, whichever is first."
    )
    assert Budget.parse(1000, None).describe() == "Training ends after 1,000 epochs."
    assert Budget.parse(None, 2.5).describe() == "Training ends after 2.5 minutes."


def test_it_says_which_limit_is_first_at_the_present_speed() -> None:
    at = Position(20, 2, 0)  # after 2 epochs of 10 steps
    default = Budget.parse(None, None)
    assert default.describe_end(at, 40.0, 10, 2.0) == (
        "At this speed it ends in about 1 h 06 min, after all epochs."
    )
    assert default.describe_end(at, 1200.0, 10, 60.0) == (
        "At this speed it ends in about 2 h 40 min, after 18 epochs."
    )
    assert Budget.parse(None, 2.0).describe_end(at, 40.0, 10, 2.0) == (
        "At this speed it ends in about 1 min, after 6 epochs."
    )


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
