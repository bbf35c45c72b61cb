"""Parameters and multiply-adds of a classifier."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def count_parameters(network: nn.Module) -> int:
    """All weights, frozen ones too; of batch norm only scale and shift, as papers count."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_multiply_adds(network: nn.Module, example: Tensor) -> int:
    """Multiply-adds of convolutions and linear layers for `example`, which is a batch of one."""
    total = 0

    def add(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = module.weight
        assert isinstance(weight, Tensor)
        total += output[0].numel() * weight[0].numel()

    layers = [each for each in network.modules() if isinstance(each, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    was_training = network.training
    with torch.no_grad():
        network.eval()(example)
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
