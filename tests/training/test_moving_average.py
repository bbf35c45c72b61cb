"""The moving average follows the weights: closely at first, then slowly."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from limner.training.moving_average import WARM_UP, update_average


def filled(value: float) -> nn.Module:
    layer = nn.BatchNorm2d(4)
    nn.init.constant_(layer.weight, value)
    return layer


def weight(network: nn.Module) -> float:
    return float(network.get_parameter("weight").detach()[0])


@pytest.mark.parametrize(("step", "decay"), [(0, 1 / WARM_UP), (90, 0.91), (10**6, 0.998)])
def test_the_decay_rises_to_that_of_the_recipe(step: int, decay: float) -> None:
    average, network = filled(1.0), filled(2.0)
    update_average(average, network, 0.998, step)
    assert weight(average) == pytest.approx(2 - decay)
    assert weight(network) == 2


def test_statistics_are_not_averaged() -> None:
    average, network = filled(1.0), filled(1.0)
    network.get_buffer("running_mean").fill_(5)
    update_average(average, network, 0.5, 100)
    assert not average.get_buffer("running_mean").any()


def test_no_decay_copies_the_weights() -> None:
    average, network = filled(1.0), filled(2.0)
    update_average(average, network, 0.0, 100)
    torch.testing.assert_close(average.get_parameter("weight"), network.get_parameter("weight"))
