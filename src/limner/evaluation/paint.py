"""What measures take to be a painter: functions of pictures, be they of a generator, a look or a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from limner.guide import GuideModule

Paint = Callable[[Tensor], Tensor]
"""Float32 pictures (N, 3, P, P) to paintings (N, 3, P, P), or to guides (N, 1 or 3, P, P); all in 0..1, on
the CPU."""

BATCH = 8


class Painter(NamedTuple):
    """What paints, and what it is shown."""

    paint: Paint
    guide: Paint


def make_painter(generator: nn.Module, guide: GuideModule) -> Painter:
    """The painter of a generator in evaluation mode, with the guide at its defaults, on the same device."""
    device = next(generator.parameters()).device
    live = [
        torch.full((1, 1, 1, 1), live_input.default, device=device) for live_input in guide.live.values()
    ]

    @torch.no_grad()
    def show(pictures: Tensor) -> Tensor:
        return torch.cat([guide(batch.to(device), *live).cpu() for batch in torch.split(pictures, BATCH)])

    @torch.no_grad()
    def paint(pictures: Tensor) -> Tensor:
        paintings = []
        for batch in torch.split(pictures, BATCH):
            shown = 2 * guide(batch.to(device), *live) - 1
            painting = generator(shown.contiguous(memory_format=torch.channels_last))
            paintings.append((painting.float() / 2 + 0.5).clamp(0, 1).cpu())
        return torch.cat(paintings)

    return Painter(paint, show)
