"""What is measured: a run's generator, or a look as ONNX Runtime paints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, get_args

import torch
from torch import Tensor

from limner.display import printable
from limner.errors import LimnerError
from limner.evaluation.paint import Painter, make_painter
from limner.guide import make_guide
from limner.light import Light
from limner.look.look import Look
from limner.look.trial import try_look
from limner.recipe import GuideName
from limner.training.run import Run

MIN_PIXELS = 32
"""Side of the smallest paintings that have a border, an inside and features."""


class Painters(NamedTuple):
    """One network as two painters."""

    plain: Painter
    """For pictures, which have the light of those that it learned from."""
    levelled: Painter
    """With auto-levels, for frames of a camera."""


def run_painters(run: Run, light: Light, device: torch.device | None = None) -> Painters:
    """The painters of a run's last checkpoint; `light` is that of its pictures, for auto-levels.

    Raises LimnerError where there is no checkpoint.
    """
    device = device or torch.device("cpu")
    recipe = run.recipe
    guide = make_guide(recipe.guide, recipe.pixels, light, recipe.guide_side).to(device)
    generator = run.generator().to(device)
    return Painters(*(make_painter(generator, guide, levels=levels) for levels in (0, 1)))


def look_painters(look: Look) -> Painters:
    """The painters of a look, so that what is measured is what is published.

    Another program's look is shown the pictures as they are. Raises LimnerError where it cannot paint, or
    paints too small.
    """
    try_look(look).check_size()
    if look.pixels < MIN_PIXELS:
        raise LimnerError(
            f"{printable(look.path)} paints {look.pixels} pixels, and measures need {MIN_PIXELS} or more."
        )
    return Painters(*(_look_painter(look, levels) for levels in (0, 1)))


def _look_painter(look: Look, levels: float) -> Painter:
    live = {"levels": levels} if "levels" in look.live else {}

    def paint_each(pictures: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Paintings and guides. A look with state begins anew with each picture."""
        for picture in pictures:
            look.reset_state()
            made = look.paint_and_guide(picture.permute(1, 2, 0).numpy(), **live)
            painting, guide = (torch.from_numpy(array).permute(2, 0, 1) for array in made)
            yield painting, guide

    def paint(pictures: Tensor) -> Tensor:
        return torch.stack([painting for painting, _ in paint_each(pictures)])

    def show_picture(pictures: Tensor) -> Tensor:
        return pictures

    def show_guide(pictures: Tensor) -> Tensor:
        return torch.stack([guide for _, guide in paint_each(pictures)])

    return Painter(paint, show_guide if look.guide in get_args(GuideName) else show_picture)
