"""The profile of a step: each network's forward and backward passes are counted to it."""

from __future__ import annotations

import torch
from torch import nn
from torch.profiler import record_function

from limner.bench.step_profile import DATA, profile_steps
from limner.networks.features import load_squeezenet
from limner.training.losses import perceptual_loss

CPU = torch.device("cpu")


def convolutions(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.Conv2d(channels, 3, 3, padding=1))


def test_time_is_counted_to_its_network() -> None:
    torch.manual_seed(0)
    networks = {"large": convolutions(64), "small": convolutions(4)}
    parameters = [each for network in networks.values() for each in network.parameters()]
    optimizer = torch.optim.Adam(parameters)

    def step() -> None:
        with record_function(DATA):
            picture = torch.rand(2, 3, 96, 96)
        networks["small"](networks["large"](picture)).mean().backward()
        optimizer.step()

    step()
    shares = profile_steps(step, 3, networks, CPU)
    assert shares.keys() == {"large", "small", "data", "optimizer", "other"}
    assert abs(sum(shares.values()) - 1) < 0.02
    assert shares["large"] > 0.5 and shares["large"] > 2 * shares["small"]
    assert all(shares[part] > 0 for part in ("small", "data", "optimizer"))


def test_the_backward_pass_counts() -> None:
    network = convolutions(64)
    picture = torch.rand(2, 3, 96, 96)

    def forward() -> None:
        with torch.no_grad():
            network(picture)

    def both() -> None:
        with torch.no_grad():
            sum_of = network(picture)
        network(picture + 0 * sum_of).mean().backward()

    forward()
    assert profile_steps(forward, 2, {"network": network}, CPU)["network"] > 0.5
    assert profile_steps(both, 2, {"network": network}, CPU)["network"] > 0.8
    assert not network._forward_hooks and not network._forward_pre_hooks, "the hooks are gone"


def test_the_perceptual_loss_counts_to_the_network_of_its_features() -> None:
    features = load_squeezenet()
    painting = torch.rand(2, 3, 64, 64, requires_grad=True)

    def step() -> None:
        perceptual_loss(features, painting, torch.zeros(2, 3, 64, 64)).backward()  # type: ignore[no-untyped-call]

    step()
    # On pictures this small, much of the loss is beside the network; one that is not seen has no share.
    assert profile_steps(step, 2, {"features": features}, CPU)["features"] > 0.1
