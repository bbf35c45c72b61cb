"""What is measured: a run's generator, or a look as ONNX Runtime paints it."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from limner.data.light import measure_light
from limner.data.store import open_store
from limner.display import printable
from limner.errors import LimnerError
from limner.evaluation.paint import Painter, make_painter
from limner.guide import make_guide
from limner.look.look import Look
from limner.look.trial import try_look
from limner.recipe import GuideName
from limner.training.run import Run

MIN_PIXELS = 32
"""Side of the smallest paintings that have a border, an inside and features."""


def run_painter(run: Run, device: torch.device | None = None, *, levels: float = 0) -> Painter:
    """The painter of a run's last checkpoint, with auto-levels at `levels`: 0 for pictures, 1 for a camera.

    Raises LimnerError where there is no checkpoint.
    """
    device = device or torch.device("cpu")
    recipe = run.recipe
    light = measure_light(open_store(run.pictures))
    guide = make_guide(recipe.guide, recipe.pixels, light, recipe.guide_side).to(device)
    return make_painter(run.generator().to(device), guide, levels=levels)


def look_painter(look: Look, *, levels: float = 0) -> Painter:
    """The painter of a look, so that what is measured is what is published; `levels` as in `run_painter`.

    Another program's look is shown the pictures as they are. Raises LimnerError where it cannot paint, or
    paints too small.
    """
    try_look(look).check_size()
    if look.pixels < MIN_PIXELS:
        raise LimnerError(
            f"{printable(look.path)} paints {look.pixels} pixels, and measures need {MIN_PIXELS} or more."
        )

    live = {"levels": levels} if "levels" in look.live else {}

    def paint(pictures: Tensor) -> Tensor:
        paintings = [look.paint(picture.permute(1, 2, 0).numpy(), **live) for picture in pictures]
        return torch.stack([torch.from_numpy(painting).permute(2, 0, 1) for painting in paintings])

    def show_picture(pictures: Tensor) -> Tensor:
        return pictures

    def show_guide(pictures: Tensor) -> Tensor:
        guides = [look.paint_and_guide(picture.permute(1, 2, 0).numpy(), **live)[1] for picture in pictures]
        return torch.stack([torch.from_numpy(guide).permute(2, 0, 1) for guide in guides])

    return Painter(paint, show_guide if look.guide in get_args(GuideName) else show_picture)
