"""Networks of a place: they take x and y, from -1 to 1 with y downwards, and give a colour.

Four kinds, layer by layer as in the lab's page (web/lab/painter/network.ts):

- a multilayer perceptron of x and y alone, with a sigmoid at its end;
- SIREN (Sitzmann et al. 2020, arXiv:2006.09661): units are sin(30 (W x + b));
- Fourier features (Tancik et al. 2020, arXiv:2006.10739): 64 frequencies that are drawn once, as sines and
  cosines, then ReLU;
- grids: tables of 8 to 128 nodes along a side, read with linear interpolation in place of x and y, as those
  of instant-ngp (Müller et al. 2022, arXiv:2201.05989) without its hashing, then ReLU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, linear

OMEGA = 30
"""SIREN's w0."""

FREQUENCIES = 64
"""Of Fourier features."""

GRID_SIDES = (8, 16, 32, 64, 128)
GRID_CHANNELS = 4
"""Numbers of a node."""

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "sine": torch.sin,
    "identity": lambda values: values,
    # Its derivative is zero everywhere: the layers before it stay as they were drawn.
    "step": lambda values: torch.relu(torch.sign(values)),
}


@dataclass(frozen=True)
class PixelLayer:
    """A dense layer of each pixel: act(factor * (W x + b))."""

    name: str
    inputs: int
    outputs: int
    act: str
    """A key of `ACTIVATIONS`."""
    factor: int = 1
    """SIREN's w0, else 1."""
    is_fixed: bool = False
    """Whether its numbers are drawn once and not learned: Fourier features."""


@dataclass(frozen=True)
class PixelArchitecture:
    """The tables, if there are any, and the layers in their order; the last one gives the colour."""

    grids: tuple[int, ...]
    layers: tuple[PixelLayer, ...]


def make_architecture(net: str, depth: int, width: int, act: str = "tanh") -> PixelArchitecture:
    """`net` is mlp, siren, fourier or grid; `act` is for mlp, the other networks have their own."""
    grids = GRID_SIDES if net == "grid" else ()
    first = (PixelLayer("fourier", 2, 2 * FREQUENCIES, "sine", is_fixed=True),) if net == "fourier" else ()
    start = len(grids) * GRID_CHANNELS or (first[0].outputs if first else 2)
    bend, factor = ("sine", OMEGA) if net == "siren" else (act if net == "mlp" else "relu", 1)
    hidden = tuple(
        PixelLayer(f"hidden{number + 1}", width if number else start, width, bend, factor)
        for number in range(depth)
    )
    end = PixelLayer("colour", width if depth else start, 3, "sigmoid" if net == "mlp" else "identity")
    return PixelArchitecture(grids, (*first, *hidden, end))


class PixelDense(nn.Module):
    """One layer: (n, inputs) to (n, outputs). Its weight is a 1x1 convolution's, as in the file."""

    def __init__(self, layer: PixelLayer) -> None:
        super().__init__()
        self.layer = layer
        self.weight = nn.Parameter(torch.zeros(layer.outputs, layer.inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(layer.outputs))
        self.requires_grad_(not layer.is_fixed)

    def forward(self, values: Tensor) -> Tensor:
        values = linear(values, self.weight.flatten(1), self.bias)
        return ACTIVATIONS[self.layer.act](values if self.layer.factor == 1 else values * self.layer.factor)


class PixelNetwork(nn.Module):
    """Places (n, 2) to sRGB colours (n, 3); all weights are zero until they are loaded."""

    def __init__(self, architecture: PixelArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        for side in architecture.grids:
            self.register_parameter(
                grid_name(side), nn.Parameter(torch.zeros(1, GRID_CHANNELS, side, side))
            )
        for layer in architecture.layers:
            self.add_module(layer.name, PixelDense(layer))

    def forward(self, places: Tensor) -> Tensor:
        values = self._read_grids(places) if self.architecture.grids else places
        for layer in self.architecture.layers:
            values = self.get_submodule(layer.name)(values)
        return values

    def _read_grids(self, places: Tensor) -> Tensor:
        """(n, 2) to (n, grids * GRID_CHANNELS)."""
        read = [
            grid_sample(
                self.get_parameter(grid_name(side)),
                places[None, None],
                mode="bilinear",
                padding_mode="border",
                align_corners=True,
            )
            for side in self.architecture.grids
        ]
        return torch.cat(read, 1)[0, :, 0].T

    def freeze(self, names: Sequence[str]) -> None:
        """Learn these layers no more; `grids` are all tables."""
        for name in names:
            if name == "grids":
                for side in self.architecture.grids:
                    self.get_parameter(grid_name(side)).requires_grad_(False)
            else:
                self.get_submodule(name).requires_grad_(False)


def grid_name(side: int) -> str:
    """The name of a table."""
    return f"grid{side}"


def count_multiply_adds(architecture: PixelArchitecture) -> int:
    """Products of one pixel."""
    return sum(layer.inputs * layer.outputs for layer in architecture.layers) + 4 * GRID_CHANNELS * len(
        architecture.grids
    )


def count_parameters(architecture: PixelArchitecture) -> int:
    """Numbers that are learned where no layer is frozen."""
    layers = sum((one.inputs + 1) * one.outputs for one in architecture.layers if not one.is_fixed)
    return layers + sum(GRID_CHANNELS * side * side for side in architecture.grids)


def weight_bound(architecture: PixelArchitecture, index: int) -> float:
    """The largest first weight of a layer: by the network's paper; for others torch's, for ReLU He's."""
    layer = architecture.layers[index]
    if is_sine_layer(architecture, index):
        return 1 / layer.inputs if index == 0 else math.sqrt(6 / layer.inputs) / OMEGA
    return math.sqrt(6 / layer.inputs) if layer.act == "relu" else 1 / math.sqrt(layer.inputs)


def is_sine_layer(architecture: PixelArchitecture, index: int) -> bool:
    """Whether a layer is one of SIREN's, its last one included."""
    layers = architecture.layers
    is_last = index == len(layers) - 1
    return layers[index].factor != 1 or (is_last and index > 0 and layers[index - 1].factor != 1)
