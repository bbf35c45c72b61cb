"""The summary of a network: parameters and multiply-adds, counted by running it once."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor, nn

from limner.networks.compact_unet import CONFIGS, START, DoublingConv, Grain
from limner.networks.generator import make_generator
from limner.networks.unet import NearestConv
from limner.recipe import Recipe
from limner.summary import LayerSummary, NetworkSummary


def count_parameters(network: nn.Module) -> int:
    """Parameters in Keras' convention: batch norm counts 4 per channel, its running statistics included."""
    learned = sum(p.numel() for p in network.parameters())
    running = sum(2 * m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    return learned + running


def summarize_layers(network: nn.Module, image: Tensor) -> list[LayerSummary]:
    """Every layer of `network` with weights, in the order in which `image` (1, C, H, W) passes them.

    Batch norm is not among them: inference folds it into the convolution before it.
    """
    layers: list[LayerSummary] = []
    hooks = []

    doubling = {f"{name}.conv" for name, m in network.named_modules() if isinstance(m, NearestConv)}

    def count(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            layer = _summarize_layer(name, module, inputs[0], output)
            if name in doubling or isinstance(module, DoublingConv):
                # Of the nine taps, four read different pixels: engines add the others' weights first.
                layer = dataclasses.replace(layer, multiply_adds=layer.multiply_adds * 4 // 9)
            layers.append(layer)

        return hook

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, Grain)):
            hooks.append(module.register_forward_hook(count(name)))  # type: ignore[arg-type]
    was_training = network.training
    network.eval()
    with torch.no_grad():
        network(image)
    network.train(was_training)
    for handle in hooks:
        handle.remove()
    return layers


def _summarize_layer(name: str, module: nn.Module, image: Tensor, output: Tensor) -> LayerSummary:
    if isinstance(module, Grain):
        return LayerSummary(name, "Add", tuple(output.shape[1:]), 0, 0, 0)
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        raise TypeError(f"{name} is neither a convolution nor a grain")
    taps = module.kernel_size[0] * module.kernel_size[1]
    zero_stuffed = output[0].numel() * module.in_channels // module.groups * taps
    is_transposed = isinstance(module, nn.ConvTranspose2d)
    # A transposed convolution multiplies each input pixel by the whole kernel, and does nothing else.
    multiply_adds = image[0].numel() * module.out_channels // module.groups * taps
    return LayerSummary(
        name,
        "ConvTranspose" if is_transposed else "Conv",
        tuple(output.shape[1:]),
        sum(p.numel() for p in module.parameters()),
        multiply_adds if is_transposed else zero_stuffed,
        zero_stuffed,
    )


def describe_recipe(target: str, recipe: Recipe) -> NetworkSummary:
    """The summary of a recipe's network."""
    # Shapes only, where the network is large: no memory and no time, even for 54 million weights.
    with torch.device("cpu" if recipe.size in CONFIGS else "meta"):
        network = make_generator(recipe)
        layers = summarize_layers(
            network, torch.empty(1, recipe.guide_channels, recipe.guide_side, recipe.guide_side)
        )
    norms = {
        name.removesuffix("norm"): module.num_features
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d)
    }
    # The convolution before a norm is in the same module, or in one of its modules.
    normalized = {
        layer.name: channels
        for layer in layers
        for prefix, channels in norms.items()
        if layer.name.startswith(prefix)
    }
    layers_with_norm = (
        dataclasses.replace(layer, parameters=layer.parameters + 4 * normalized.get(layer.name, 0))
        for layer in layers
    )
    return NetworkSummary(
        target=target,
        kind="network",
        pixels=recipe.pixels,
        layers=tuple(layers_with_norm),
        bytes={storage: _count_stored_bytes(network, set(normalized), storage) for storage in _BITS},
        recipe=dataclasses.asdict(recipe),
    )


_BITS = {"uint8": 8, "uint16": 16, "float16": 16, "float32": 32}


def _count_stored_bytes(network: Any, normalized: set[str], storage: str) -> int:
    """Bytes of a look's weights in a storage: batch norm folds into a bias; integers add scale and zero."""
    total = 0
    for name, module in network.named_modules():
        if isinstance(module, Grain):
            total += 4 * START**2
        if not hasattr(module, "kernel_size"):
            continue
        width, channels = _BITS[storage] // 8, module.out_channels
        total += module.weight.numel() * width
        total += 4 * channels * (name in normalized or module.bias is not None)
        total += (4 + width) * channels * storage.startswith("uint")
    return total
