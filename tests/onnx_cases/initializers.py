"""What torch.nn.init draws for a seed, and whole modules that have just been built."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import init

from onnx_cases.training import Residual, exported, lenet, painter

SEEDS = [0, 1, 123456789, 2**32 - 1]
# torch has other code from 16 normal numbers on.
SIZES = [1, 7, 15, 16, 17, 100, 10_000]
SHAPES = [(3, 5), (8, 4, 3, 3), (4, 8, 4, 4), (6, 2, 5)]

Initialize = Callable[[Tensor], Any]
OF_SIZES: list[tuple[str, list[float], Initialize]] = [
    ("uniform", [], init.uniform_),
    ("uniform", [-0.3, 1.7], lambda x: init.uniform_(x, -0.3, 1.7)),
    ("normal", [], init.normal_),
    ("normal", [0.5, 0.02], lambda x: init.normal_(x, 0.5, 0.02)),
]
OF_SHAPES: list[tuple[str, list[float], Initialize]] = [
    ("kaimingUniform", [], init.kaiming_uniform_),
    ("kaimingUniform", [0.2], lambda x: init.kaiming_uniform_(x, 0.2)),
    ("kaimingNormal", [], init.kaiming_normal_),
    ("xavierUniform", [], init.xavier_uniform_),
    ("xavierNormal", [], init.xavier_normal_),
]


class Mixed(nn.Module):
    """Layers that the other modules lack."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Conv1d(6, 4, 5, groups=2)
        self.grown = nn.ConvTranspose1d(4, 6, 3, groups=2, bias=False)
        self.slopes = nn.PReLU(6)
        self.norm = nn.GroupNorm(2, 6)
        self.rows = nn.Linear(10, 7)
        self.last = nn.Linear(7, 3, bias=False)
        self.even = nn.LayerNorm(3)

    def forward(self, x: Tensor) -> Tensor:
        made = self.norm(self.slopes(self.grown(self.line(x))))
        rows: Tensor = self.even(self.last(self.rows(made)))
        return rows


class Upscaler(nn.Module):
    """Transposed convolutions in groups, and one that doubles, as in a U-Net."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(8, 6, 4, 2, 1, groups=2),
            nn.InstanceNorm2d(6, affine=True),
            nn.ConvTranspose2d(6, 3, 3),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return made


MODULES: list[tuple[str, Callable[[], nn.Module], tuple[int, ...]]] = [
    ("lenet", lenet, (1, 28, 28)),
    ("residual", Residual, (3, 10, 12)),
    ("painter", painter, (1, 12, 16)),
    ("mixed", Mixed, (6, 12)),
    ("upscaler", Upscaler, (3, 8, 8)),
]


# How weights begin; biases are then zeros. The last is that of limner's compact networks.
WEIGHTS: list[tuple[list[Any], Initialize | None]] = [
    ([], None),
    (["kaimingNormal"], init.kaiming_normal_),
    (["kaimingNormal", 0.2], lambda x: init.kaiming_normal_(x, 0.2)),
]


def begin_weights(module: nn.Module, initialize: Initialize) -> None:
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
            initialize(layer.weight)
            if layer.bias is not None:
                init.zeros_(layer.bias)


def write_initializers(folder: Path) -> None:
    listed = []
    of_sizes = [(*one, (size,)) for one in OF_SIZES for size in SIZES]
    of_shapes = [(*one, shape) for one in OF_SHAPES for shape in SHAPES]
    for i, (name, options, draw, shape) in enumerate([*of_sizes, *of_shapes]):
        seed = SEEDS[i % len(SEEDS)]
        torch.manual_seed(seed)
        # Two draws, as the second begins where the first ended.
        values = torch.empty(2, *shape)
        for value in values:
            draw(value)
        values.numpy().tofile(folder / f"initializers.{i}")
        listed.append(
            {"name": name, "options": options, "seed": seed, "dims": shape, "file": f"initializers.{i}"}
        )
    modules = []
    for name, make, shape in MODULES:
        for i, (weights, initialize) in enumerate(WEIGHTS):
            torch.manual_seed(7)
            module = make()
            if initialize:
                torch.manual_seed(7)
                begin_weights(module, initialize)
            file = f"initialized-{name}-{i}"
            folded = (
                name == "mixed"
            )  # a Linear of three dimensions is a Transpose and a MatMul before folding
            model = exported(module, shape, folded)
            (folder / f"{file}.onnx").write_bytes(model.SerializeToString())
            modules.append({"file": file, "seed": 7, "weights": weights})
    (folder / "initializers.json").write_text(json.dumps({"tensors": listed, "modules": modules}))
