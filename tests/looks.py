"""Networks with lively weights, and their looks, made once for all tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from onnx import ModelProto
from torch import nn

from limner.deploy import LookModule, look_module
from limner.export import export_look
from limner.graph import look_graph
from limner.networks.unet import UNet, generator
from limner.recipe import GuideName, Recipe, Size, Upsampling

PIXELS = 64

torch.set_num_threads(1)  # networks this small lose more by waiting for threads than they win


def recipe(size: Size = "lean", guide: GuideName = "soft", upsampling: Upsampling = "nearest") -> Recipe:
    return Recipe(size=size, guide=guide, upsampling=upsampling, pixels=PIXELS)


@cache
def lively(made: Recipe) -> UNet:
    """A generator as after training: its features keep their strength, its norms have statistics."""
    torch.manual_seed(11)
    network = generator(made)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            sources = module.in_channels * (4 if isinstance(module, nn.ConvTranspose2d) else 9)
            nn.init.normal_(module.weight, 0, (2 / sources) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, 0, 0.2)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.3, 2)
            nn.init.normal_(module.bias, 0, 0.3)
    return network.eval()


@cache
def module(made: Recipe) -> LookModule:
    return look_module(made, lively(made))


@cache
def graph(made: Recipe) -> ModelProto:
    return look_graph(module(made), made.pixels)


@cache
def look_bytes(guide: GuideName = "soft") -> bytes:
    """A whole look with metadata, weights in uint8."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "look.onnx"
        made = recipe(guide=guide)
        export_look(lively(made), made, path, name="Clouds", author="Ada Example", credit="Photos by Ada")
        return path.read_bytes()


def look_file(folder: Path, guide: GuideName = "soft", name: str = "clouds.onnx") -> Path:
    path = folder / name
    path.write_bytes(look_bytes(guide))
    return path
