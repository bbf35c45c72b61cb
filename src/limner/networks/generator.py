"""The generator of a recipe: the paper's U-Nets, or a compact one."""

from __future__ import annotations

from limner.networks.compact_unet import CONFIGS, CompactUNet, init_compact
from limner.networks.patch_unet import PatchUNet
from limner.networks.style_network import StyleNetwork
from limner.networks.unet import UNet, filters, init_weights
from limner.recipe import Recipe

Generator = UNet | CompactUNet | PatchUNet | StyleNetwork
"""(B, C, S, S) in -1..1 to (B, 3, P, P) in -1..1. S is P, or 32 for a compact network with a soft guide."""


def make_generator(recipe: Recipe) -> Generator:
    """The recipe's generator with the initial weights of its kind."""
    if config := CONFIGS.get(recipe.size):
        compact = CompactUNet(config, recipe.pixels, recipe.guide, recipe.guide_channels)
        compact.apply(init_compact)
        return compact
    network = UNet(
        filters(recipe.size, recipe.pixels), recipe.guide_channels, recipe.upsampling, recipe.dropout
    )
    network.apply(init_weights)
    return network
