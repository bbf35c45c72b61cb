"""First weights by the seed: those of the page's network (web/lab/painter/network.ts), number by number."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from limner.lab.painter.mulberry32 import Mulberry32
from limner.networks.pixel_network import (
    GRID_CHANNELS,
    PixelArchitecture,
    grid_name,
    is_sine_layer,
    weight_bound,
)

WEIGHTS = 77
"""The use of the random numbers, beside the seed."""

SIGMA = 5
"""Standard deviation of Fourier frequencies, in turns over half of the picture."""

GRID_BOUND = 1e-2
MIDDLE_GREY = 0.5
"""The colour to begin with, where no sigmoid gives it."""


def draw_weights(architecture: PixelArchitecture, seed: int) -> dict[str, Tensor]:
    """The state of a `PixelNetwork` before its first step, float32."""
    random = Mulberry32(seed, WEIGHTS)

    def uniform(shape: tuple[int, ...], bound: float, middle: float = 0.0) -> Tensor:
        drawn = middle + bound * (2 * random.uniform(int(np.prod(shape))) - 1)
        return torch.from_numpy(drawn.astype(np.float32)).reshape(shape)

    weights = {
        grid_name(side): uniform((1, GRID_CHANNELS, side, side), GRID_BOUND) for side in architecture.grids
    }
    for index, layer in enumerate(architecture.layers):
        shape = (layer.outputs, layer.inputs, 1, 1)
        if layer.is_fixed:
            weight, bias = _fourier(random, shape)
        else:
            bound = weight_bound(architecture, index)
            is_end = index == len(architecture.layers) - 1
            middle = MIDDLE_GREY if is_end and layer.act == "identity" else 0.0
            weight = uniform(shape, bound)
            bias = uniform((layer.outputs,), bound if is_sine_layer(architecture, index) else 0.0, middle)
        weights |= {f"{layer.name}.weight": weight, f"{layer.name}.bias": bias}
    return weights


def _fourier(random: Mulberry32, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The same frequencies twice, a quarter of a turn apart: sines and cosines."""
    outputs, inputs, *_ = shape
    half = (2 * np.pi * SIGMA * random.normal(outputs // 2 * inputs)).astype(np.float32)
    quarter = np.repeat(np.array([0, np.pi / 2], np.float32), outputs // 2)
    return torch.from_numpy(np.tile(half, 2)).reshape(shape), torch.from_numpy(quarter)
