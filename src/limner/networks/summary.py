"""Parameters and multiply-adds, counted by running a network once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerCount:
    """One convolution: its name, kind, output shape (C, H, W), parameters and multiply-adds."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    zero_stuffed: int
    """Multiply-adds as papers count them that fill a transposed convolution's input with zeros."""


def parameters(network: nn.Module) -> int:
    """Parameters in Keras' convention: batch norm counts 4 per channel (its two running means too)."""
    learned = sum(p.numel() for p in network.parameters())
    running = sum(2 * m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    return learned + running


def layers(network: nn.Module, image: Tensor) -> list[LayerCount]:
    """Every convolution of `network` in the order in which `image` (1, C, H, W) meets them."""
    found: list[LayerCount] = []
    hooks = []

    def count(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            found.append(_layer(name, module, inputs[0], output))

        return hook

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            hooks.append(module.register_forward_hook(count(name)))  # type: ignore[arg-type]
    training = network.training
    network.eval()
    with torch.no_grad():
        network(image)
    network.train(training)
    for handle in hooks:
        handle.remove()
    return found


def _layer(name: str, module: nn.Module, image: Tensor, output: Tensor) -> LayerCount:
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        raise TypeError(f"{name} is not a convolution")
    taps = module.kernel_size[0] * module.kernel_size[1]
    zero_stuffed = output[0].numel() * module.in_channels // module.groups * taps
    transposed = isinstance(module, nn.ConvTranspose2d)
    # A transposed convolution multiplies each input pixel with the whole kernel, and nothing else.
    true = image[0].numel() * module.out_channels // module.groups * taps
    return LayerCount(
        name,
        "ConvTranspose" if transposed else "Conv",
        tuple(output.shape[1:]),
        sum(p.numel() for p in module.parameters()),
        true if transposed else zero_stuffed,
        zero_stuffed,
    )
