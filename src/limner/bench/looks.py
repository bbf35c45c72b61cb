"""Looks for the bench: with random weights where nobody has trained one, and in every rival's format."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.export.subpixel import with_subpixel_convs
from limner.export.tfjs import MODEL, write_tfjs
from limner.export.tflite import write_tflite
from limner.files import atomic_write
from limner.look.look import Look, open_look
from limner.networks.unet import UNet, make_generator
from limner.recipe import Recipe, Size

ONNX = "look.onnx"


def random_generator(recipe: Recipe) -> UNet:
    """A generator with random weights whose features keep their strength from layer to layer.

    Fresh weights would fade: every engine would paint the same flat grey, whatever it computed.
    """
    torch.manual_seed(recipe.seed)
    network = make_generator(recipe)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            taps = 4 if isinstance(module, nn.ConvTranspose2d) else module.weight[0, 0].numel()
            nn.init.normal_(module.weight, 0, (2 / (module.in_channels * taps)) ** 0.5)
    return network.eval()


def random_look(folder: Path, size: Size, pixels: int) -> Path:
    """A look of that size with random weights in float32, as every rival can take them."""
    recipe = Recipe(size=size, pixels=pixels)
    path = folder / ONNX
    folder.mkdir(parents=True, exist_ok=True)
    export_look(random_generator(recipe), recipe, path, storage="float32", name=size)
    return path


def write_float32_look(look: Look, path: Path) -> None:
    """Write `look` for readers of ONNX without transposed convolutions.

    Raises LimnerError where it cannot be rewritten, or the disk refuses.
    """
    atomic_write(path, with_subpixel_convs(look.model).SerializeToString())


FORMATS: dict[str, tuple[Callable[[Look, Path], None], str]] = {
    "plain": (write_float32_look, "plain.onnx"),
    "tfjs": (write_tfjs, f"tfjs/{MODEL}"),
    "tflite": (write_tflite, "look.tflite"),
}
"""By the page's names: what writes the format, and what the page opens."""


def write_formats(look: Path, folder: Path) -> dict[str, Any]:
    """Put a look into `folder`, its own, in every format that can express it; its entry for the page.

    The formats have the same weights: those that ONNX Runtime computes with. Where a format cannot express
    the look, the entry has the sentence that says why.
    """
    opened = open_look(look)
    folder.mkdir(parents=True, exist_ok=True)
    entry: dict[str, Any] = {"name": opened.name or look.stem, "pixels": opened.pixels, "onnx": ONNX}
    if look != folder / ONNX:
        shutil.copyfile(look, folder / ONNX)
    refused: dict[str, str] = {}
    for kind, (write, written) in FORMATS.items():
        try:
            write(opened, folder / written.split("/")[0])
            entry[kind] = written
        except LimnerError as error:
            refused[kind] = str(error).removesuffix(".")
    return entry | {"refused": refused}
