"""Looks for the bench: with random weights where nobody has trained one, and in every rival's format."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from limner.errors import LimnerError
from limner.export import export_look
from limner.look import open_look
from limner.networks.unet import UNet, generator
from limner.recipe import Recipe, Size
from limner.tfjs import MODEL, write_tfjs
from limner.tflite import write_tflite


def lively(recipe: Recipe) -> UNet:
    """A generator with random weights whose features keep their strength from layer to layer.

    Fresh weights would fade: every engine would paint the same flat grey, whatever it computed.
    """
    torch.manual_seed(recipe.seed)
    network = generator(recipe)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            taps = 4 if isinstance(module, nn.ConvTranspose2d) else module.weight[0, 0].numel()
            nn.init.normal_(module.weight, 0, (2 / (module.in_channels * taps)) ** 0.5)
    return network.eval()


def random_look(folder: Path, size: Size, pixels: int) -> Path:
    """A look of that size with random weights in float32, as every rival can take them."""
    recipe = Recipe(size=size, pixels=pixels)
    path = folder / f"{size}.onnx"
    export_look(lively(recipe), recipe, path, storage="float32", name=size)
    return path


def lay_out(look: Path, folder: Path) -> dict[str, Any]:
    """Put a look into `folder` in every format that can express it; its entry for the bench's page.

    The formats have the same weights: those that ONNX Runtime computes with.
    """
    opened = open_look(look)
    path = folder / look.name
    if path != look:
        shutil.copyfile(look, path)
    entry: dict[str, Any] = {"name": opened.name or look.stem, "pixels": opened.pixels, "onnx": path.name}
    written = {"tfjs": (f"{look.stem}-tfjs", MODEL), "tflite": (f"{look.stem}.tflite", "")}
    for kind, (name, within) in written.items():
        try:
            (write_tfjs if kind == "tfjs" else write_tflite)(opened, folder / name)
        except LimnerError:
            continue  # the page says which rivals are left out, and why
        entry[kind] = f"{name}/{within}" if within else name
    return entry
