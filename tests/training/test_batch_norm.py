"""Recalibrated statistics depend on the weights and the pictures alone, and are those of the pictures."""

from __future__ import annotations

import torch
from torch import nn

from helpers.stores import TINY
from limner.training.batch_norm import recalibrate_batch_norm
from limner.training.state import TrainState


def batches() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    side = TINY.guide_side
    return [torch.rand(4, 1, side, side, generator=generator) * 2 - 1 for _ in range(3)]


def buffers(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


def test_recalibration_does_not_depend_on_earlier_batches() -> None:
    network = TrainState(TINY, torch.device("cpu")).generator
    recalibrate_batch_norm(network, batches())
    first = buffers(network)
    rng_state = torch.get_rng_state()
    for _ in range(5):
        network(torch.rand(4, 1, TINY.guide_side, TINY.guide_side))
    assert any(not torch.equal(first[name], buffer) for name, buffer in buffers(network).items())
    recalibrate_batch_norm(network, batches())
    assert all(torch.equal(first[name], buffer) for name, buffer in buffers(network).items())
    assert network.training
    assert all(m.training and m.momentum == 0.1 for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    torch.set_rng_state(rng_state)
    recalibrate_batch_norm(network, batches())
    assert torch.equal(rng_state, torch.get_rng_state()), "no random number is drawn"


def test_statistics_are_the_mean_over_the_batches() -> None:
    norm = nn.BatchNorm2d(1)
    inputs = batches()
    recalibrate_batch_norm(nn.Sequential(norm), inputs)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, torch.stack([b.mean() for b in inputs]).mean()[None])
    torch.testing.assert_close(norm.running_var, torch.stack([b.var() for b in inputs]).mean()[None])
