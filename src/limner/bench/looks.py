"""Looks for the browser benchmark: looks with random weights, and every rival's format."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from limner.display import printable
from limner.errors import LimnerError
from limner.export.onnx import export_look
from limner.export.subpixel import with_subpixel_convs
from limner.export.tfjs import MODEL, write_tfjs
from limner.export.tflite import write_tflite
from limner.files import atomic_write
from limner.look.look import Look, open_look
from limner.networks.generator import Generator, make_generator
from limner.recipe import Recipe, Size

ONNX = "look.onnx"


def random_generator(recipe: Recipe) -> Generator:
    """A generator with random weights that keep the features' variance from layer to layer (He).

    With the default initialisation the features would fade, and every engine would paint the same flat grey
    no matter what it computed.
    """
    torch.manual_seed(recipe.seed)
    network = make_generator(recipe)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            taps = 4 if isinstance(module, nn.ConvTranspose2d) else module.weight[0, 0].numel()
            nn.init.normal_(module.weight, 0, (2 / (module.in_channels * taps)) ** 0.5)
    return network.eval()


def random_look(folder: Path, size: Size, pixels: int) -> Path:
    """A look of `size` with random weights in float32, which every rival can read."""
    recipe = Recipe(size=size, pixels=pixels)
    path = folder / ONNX
    folder.mkdir(parents=True, exist_ok=True)
    export_look(random_generator(recipe), recipe, path, storage="float32", name=size)
    return path


def write_subpixel_look(look: Look, path: Path) -> None:
    """Write `look` for ONNX readers that have no transposed convolutions.

    Raises LimnerError if the look cannot be rewritten or the file cannot be written.
    """
    atomic_write(path, with_subpixel_convs(look.model).SerializeToString())


FORMATS: dict[str, tuple[Callable[[Look, Path], None], str]] = {
    "plain": (write_subpixel_look, "plain.onnx"),
    "tfjs": (write_tfjs, f"tfjs/{MODEL}"),
    "tflite": (write_tflite, "look.tflite"),
}
"""The page's format names, each with its writer and the file that the page opens."""


def write_formats(look: Path, folder: Path) -> dict[str, Any]:
    """Write a look into its own `folder` in every possible format; returns its entry for the page.

    All formats have the same weights, those that ONNX Runtime computes with. If a format cannot express the
    look, the entry has a sentence with the reason.
    """
    opened = open_look(look)
    folder.mkdir(parents=True, exist_ok=True)
    entry: dict[str, Any] = {
        "name": opened.name or printable(look.stem),
        "pixels": opened.pixels,
        "onnx": ONNX,
    }
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
