"""The network for inference: layers that only training needs are fused into the weights or removed.

Batch norm is folded into the preceding convolution. Dropout is removed. The result paints the same pictures
with half the layers. Nearest upsampling and its 3x3 convolution stay: a look stores nine weights for each
pair of channels, and an engine makes of them, at load, the sixteen that it computes with.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from limner.guide import GuideModule, SoftGuide, make_guide
from limner.light import PHOTOS, Light
from limner.live import LiveInput
from limner.networks.compact_unet import Block, DoublingConv
from limner.networks.generator import Generator
from limner.networks.style_network import StyleNetwork
from limner.networks.unet import Down, NearestConv, Up, replace_layers
from limner.recipe import LookRecipe


class LookModule(nn.Module):
    """Maps a picture (B, 3, P, P) in 0..1 to its painting (B, 3, P, P) in 0..1 and guide (B, C, P, P)."""

    def __init__(self, guide: GuideModule, generator: Generator) -> None:
        super().__init__()
        self.guide = guide
        self.generator = generator

    @property
    def live(self) -> dict[str, LiveInput]:
        """The live inputs that `forward` takes after the picture, in that order: first the guide's."""
        return self.guide.live | (self.generator.live if isinstance(self.generator, StyleNetwork) else {})

    def forward(self, image: Tensor, *live: Tensor) -> tuple[Tensor, Tensor]:
        of_guide, of_generator = live[: len(self.guide.live)], live[len(self.guide.live) :]
        guide = shown = self.guide(image, *of_guide)
        if isinstance(self.guide, SoftGuide):
            # A generator may begin at fewer pixels: the guide is enlarged for people alone.
            guide = self.guide(image, *of_guide, self.guide.pixels)
        return self.generator(2 * shown - 1, *of_generator) * 0.5 + 0.5, guide

    def defaults(self) -> Sequence[Tensor]:
        """The default values of the live inputs, each of shape ()."""
        return [torch.tensor(live.default) for live in self.live.values()]


def fuse_for_inference(generator: Generator) -> Generator:
    """A copy of `generator`, for evaluation only, without batch norm and dropout."""
    network = copy.deepcopy(generator).eval().float().cpu().requires_grad_(False)
    for level in network.modules():
        if isinstance(level, (Block, Down, Up)):
            _fold_norm(level)
        if isinstance(level, Up):
            level.dropout = nn.Identity()
    return network


def make_look_module(recipe: LookRecipe, generator: Generator, light: Light = PHOTOS) -> LookModule:
    """The recipe's guide and the fused generator, ready for inference and export.

    Auto-levels aim at `light`.
    """
    guide = make_guide(recipe.guide, recipe.pixels, light, recipe.guide_side)
    network = fuse_for_inference(generator)
    replace_layers(network, _for_file)
    return LookModule(guide, network).eval()


def _for_file(layer: nn.Module) -> nn.Module:
    if isinstance(layer, DoublingConv):
        return layer.to_nearest()
    return layer


def _fold_norm(level: Block | Down | Up) -> None:
    norm = level.norm
    holder = level.conv if isinstance(level.conv, NearestConv) else level
    conv = holder.conv
    if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, (nn.Conv2d, nn.ConvTranspose2d)):
        holder.conv = fuse_conv_bn_eval(conv, norm, transpose=isinstance(conv, nn.ConvTranspose2d))
        level.norm = nn.Identity()
