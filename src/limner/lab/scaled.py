"""Networks with the scaling of their inputs and outputs inside, as they are trained and exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner.lab.options import InputRange

CHUNK = 5000
"""Pictures that are converted to floats at once."""


class Scaled(nn.Module):
    """A network that takes inputs as they are, such as pictures of 0..255, and normalizes them itself.

    The scale and the shift are buffers of shape (C, 1, 1) for pictures, (1,) for numbers, so that
    `inputs * scale + shift` has mean 0 and standard deviation 1 over the training set.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, network: nn.Module, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, inputs: Tensor) -> Tensor:
        """The network's outputs."""
        outputs: Tensor = self.network(inputs * self.scale + self.shift)
        return outputs


class ScaledRegression(Scaled):
    """As `Scaled`, with one output, which is scaled back to the targets' unit."""

    target_scale: Tensor
    target_shift: Tensor

    def __init__(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        scale, shift = _to_unit_interval(inputs)
        super().__init__(network, scale, shift)
        target_scale, target_shift = _to_unit_interval(targets)
        self.register_buffer("target_scale", target_scale)
        self.register_buffer("target_shift", target_shift)

    def forward(self, inputs: Tensor) -> Tensor:
        """The predictions in the targets' unit."""
        return (super().forward(inputs) - self.target_shift) / self.target_scale


def scale_pictures(network: nn.Module, pictures: Tensor) -> Scaled:
    """The network for pictures uint8 (n, C, P, P), with the mean and deviation of each channel."""
    total = torch.zeros(pictures.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for part in torch.split(pictures, CHUNK):
        values = part.double()
        total += values.sum((0, 2, 3))
        squares += values.square().sum((0, 2, 3))
    count = pictures.numel() / pictures.shape[1]
    mean = total / count
    deviation = (squares / count - mean**2).clamp_min(1.0).sqrt()
    scale, shift = 1 / deviation, -mean / deviation
    return Scaled(network, scale.float()[:, None, None], shift.float()[:, None, None])


def scale_to_signed(network: nn.Module) -> Scaled:
    """The network, which takes RGB in -1..1, for pictures uint8 (n, 3, P, P)."""
    return Scaled(network, torch.full((3, 1, 1), 2 / 255), torch.full((3, 1, 1), -1.0))


def for_range(network: Scaled, values: InputRange) -> Scaled:
    """The same network for pictures of 0..1 or 0..255; weights are shared."""
    if values == "0..255":
        return network
    return Scaled(network.network, network.scale * 255, network.shift)


def _to_unit_interval(values: Tensor) -> tuple[Tensor, Tensor]:
    """The scale and shift that map the least value to 0 and the largest to 1, as the codelab does."""
    least, largest = values.min(), values.max()
    scale = 1 / (largest - least)
    return scale.reshape(1), (-least * scale).reshape(1)
