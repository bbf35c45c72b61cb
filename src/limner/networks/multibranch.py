"""Branches of a frozen network: what is learned from a few pairs, beside convolutions that stay.

The idea of several branches on one network is that of Zhuang and Yang 2020 (*Few-shot Knowledge Transfer
for Fine-grained Cartoon Face Generation*), whose branches have first and last layers of their own:
`WholeChange`. The default changes every convolution a little instead: a gain and a shift for each channel,
as transfer by batch-norm parameters has it (Noguchi and Harada 2019), and a kernel of low rank (Hu et al.
2021, *LoRA*). Both begin as no change at all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class LayerChange(nn.Module, ABC):
    """What a branch does to one convolution.

    Kernels are those of torch: (out, in, kh, kw), or (in, out, kh, kw) of a transposed one.
    """

    shift: nn.Parameter
    """(out,): added to the outputs."""

    @abstractmethod
    def change(self, kernel: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        """The kernel and the bias of the branch at weight 1."""


class FactorChange(LayerChange):
    """Gain and shift of each output channel, and a kernel U D of low rank."""

    def __init__(self, shape: tuple[int, ...], rank: int, *, is_transposed: bool = False) -> None:
        """`shape` is the kernel's. With rank 0 there are gain and shift alone.

        D maps the inputs of one pixel to `rank` numbers, which U reads as the layer reads its inputs.
        """
        super().__init__()
        axis = 1 if is_transposed else 0
        channels_out, channels_in = shape[axis], shape[1 - axis]
        self.axis = axis
        self.gain = nn.Parameter(torch.zeros(channels_out))
        self.shift = nn.Parameter(torch.zeros(channels_out))
        self.down: nn.Parameter | None = None
        self.up: nn.Parameter | None = None
        if rank:
            self.down = nn.Parameter(torch.randn(rank, channels_in) / channels_in**0.5)
            # Zeros: a branch begins as its base. Only in the first step is the gradient of D then 0.
            first = (channels_out, rank) if axis == 0 else (rank, channels_out)
            self.up = nn.Parameter(torch.zeros(*first, *shape[2:]))

    def change(self, kernel: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        along = [1] * kernel.ndim
        along[self.axis] = -1
        changed = kernel * (1 + self.gain.reshape(along))
        if self.up is not None and self.down is not None:
            form = "orhw,ri->oihw" if self.axis == 0 else "rohw,ri->iohw"
            changed = changed + torch.einsum(form, self.up, self.down)
        return changed, self.shift if bias is None else bias * (1 + self.gain) + self.shift

    @torch.no_grad()
    def balance(self) -> None:
        """Give the rows of D length 1, and U the rest, which is then rounded evenly in 8 bits."""
        if self.up is None or self.down is None:
            return
        length = self.down.norm(dim=1).clamp(min=1e-12)
        self.down.div_(length[:, None])
        self.up.mul_(length.reshape((1, -1, 1, 1) if self.axis == 0 else (-1, 1, 1, 1)))


class WholeChange(LayerChange):
    """A whole kernel and a shift, added to the layer's: a copy of the layer that learns on."""

    def __init__(self, shape: tuple[int, ...], *, is_transposed: bool = False) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(shape))
        self.shift = nn.Parameter(torch.zeros(shape[1 if is_transposed else 0]))

    def change(self, kernel: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        return kernel + self.kernel, self.shift if bias is None else bias + self.shift


class NetworkBranch(nn.Module):
    """The changes of a branch, by the names of layers."""

    def __init__(self, layers: Mapping[str, FactorChange | WholeChange]) -> None:
        super().__init__()
        self.names = tuple(layers)
        self.changes = nn.ModuleList(layers.values())

    def layers(self) -> dict[str, FactorChange | WholeChange]:
        """The changes by layer."""
        found: list[FactorChange | WholeChange] = [*self.changes]
        return dict(zip(self.names, found, strict=True))

    def balance(self) -> None:
        """Balance the factors of all layers, in place: what they do stays the same."""
        for layer in self.changes:
            if isinstance(layer, FactorChange):
                layer.balance()
