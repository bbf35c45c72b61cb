"""The schedules equal torch's."""

from __future__ import annotations

import pytest
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LRScheduler, OneCycleLR, StepLR

from limner.lab.options import ScheduleName
from limner.lab.schedules import LAST, rate_at

STEPS = 200


def scheduler(name: ScheduleName, optimizer: SGD) -> LRScheduler:
    match name:
        case "cosine":
            return CosineAnnealingLR(optimizer, STEPS)
        case "exponential":
            return ExponentialLR(optimizer, LAST ** (1 / STEPS))
        case "one-cycle":
            return OneCycleLR(optimizer, 1.0, STEPS, cycle_momentum=False)
        case _:
            return StepLR(optimizer, STEPS + 1)


@pytest.mark.parametrize("name", ["constant", "cosine", "exponential", "one-cycle"])
def test_rates_equal_torch_s(name: ScheduleName) -> None:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], 1.0)
    torch_s = scheduler(name, optimizer)
    for step in range(STEPS):
        assert rate_at(name, step, STEPS) == pytest.approx(torch_s.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        torch_s.step()


def test_steps_fall_to_a_tenth_at_a_half_and_at_three_quarters() -> None:
    rates = [rate_at("step", step, 100) for step in (0, 49, 50, 74, 75, 99)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_one_cycle_of_few_steps_stays_within_0_and_1(steps: int) -> None:
    assert all(0 <= rate_at("one-cycle", step, steps) <= 1 for step in range(steps))
