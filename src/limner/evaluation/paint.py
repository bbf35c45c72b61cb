"""What measures take to be a painter: functions of pictures, be they of a generator, a look or a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from limner.evaluation.batches import map_batches
from limner.guide import GuideModule, SoftGuide

Paint = Callable[[Tensor], Tensor]
"""Float32 pictures (N, 3, P, P) to paintings (N, 3, P, P), or to guides (N, 1 or 3, P, P); all in 0..1, on
the CPU."""

CPU = torch.device("cpu")


class Painter(NamedTuple):
    """What paints, and what it is shown.

    Auto-levels are for cameras. Held-out pictures have the light of a look's pictures already, so they are
    painted without.
    """

    paint: Paint
    guide: Paint


def make_painter(generator: nn.Module, guide: GuideModule, *, levels: float) -> Painter:
    """The painter of a generator in evaluation mode, with its guide on the same device.

    `levels` is the strength of auto-levels, 0..1, where the guide has them; other live inputs have their
    defaults.
    """
    show = make_guide_painter(guide, device := next(generator.parameters()).device, levels=levels)

    live = _live_values(guide, levels, device)

    @torch.no_grad()
    def paint(pictures: Tensor) -> Tensor:
        guide_image = guide(pictures.to(device), *live)
        shown = (2 * guide_image - 1).contiguous(memory_format=torch.channels_last)
        painting: Tensor = generator(shown).float() / 2 + 0.5
        return painting.clamp(0, 1).cpu()

    return Painter(partial(map_batches, paint), show)


def make_guide_painter(guide: GuideModule, device: torch.device = CPU, *, levels: float = 0) -> Paint:
    """What `guide`, which is on `device`, makes of pictures, at their side; see `make_painter`."""
    live = _live_values(guide, levels, device)
    side = [guide.pixels] if isinstance(guide, SoftGuide) else []

    @torch.no_grad()
    def show(pictures: Tensor) -> Tensor:
        guide_image: Tensor = guide(pictures.to(device), *live, *side)
        return guide_image.cpu()

    return partial(map_batches, show)


def _live_values(guide: GuideModule, levels: float, device: torch.device) -> list[Tensor]:
    values = {name: live_input.default for name, live_input in guide.live.items()}
    if "levels" in values:
        values["levels"] = levels
    return [torch.full((1, 1, 1, 1), value, device=device) for value in values.values()]
