"""describe: the layers, parameters, multiply-adds and bytes of a network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import tyro
from tyro.conf import Positional

from limner.errors import LimnerError
from limner.recipe import GuideName, Recipe, Size

if TYPE_CHECKING:
    from limner.summary import NetworkSummary


PAPER_SIZES = ("small", "medium", "large")
"""Sizes of Murr 2020. A size's name stands for the paper's network, which has transposed convolutions."""


@dataclass(frozen=True)
class DescribeCommand:
    """Show a network's layers, parameters, multiply-adds and bytes.

    For example:

        limner describe full --pixels 512
        limner describe clouds.onnx --json
    """

    target: Annotated[Positional[str], tyro.conf.arg(metavar="NAME|RUN|LOOK")]
    """A size (full, lean, small, medium or large), a run's folder, or a look's file."""
    pixels: int = 256
    """For a size's name: side of the painting in pixels."""
    guide: GuideName = "soft"
    """For a size's name: the guide."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        from rich import print as rich_print

        summary = describe(self.target, pixels=self.pixels, guide=self.guide)
        if self.json:
            print(summary.to_json())
        else:
            rich_print(summary.table())


def describe(target: str, *, pixels: int = 256, guide: GuideName = "soft") -> NetworkSummary:
    """Describe a size's name (at `pixels` and with `guide`), a run's folder, or a look's file.

    Raises LimnerError if `target` is none of these, or cannot be read.
    """
    from limner.networks.summary import describe_recipe

    if target in get_args(Size):
        recipe = Recipe(size=target, pixels=pixels, guide=guide)  # type: ignore[arg-type]
        if target in PAPER_SIZES:
            recipe = dataclasses.replace(recipe, upsampling="transposed")
        return describe_recipe(target, recipe)
    path = Path(target)
    if target and path.is_dir():
        from limner.training.run import open_run

        return dataclasses.replace(describe_recipe(target, open_run(path).recipe), kind="run")
    if not target or not path.exists():
        names = ", ".join(get_args(Size))
        raise LimnerError(f"{target or 'An empty name'} is not a file, a folder or one of {names}.")
    from limner.look.summary import describe_look

    summary = describe_look(path)
    if summary.kind != "look":
        return summary
    measured = summary.figures.get("noise_gain")
    if not isinstance(measured, float):
        measured = _measure_noise_gain(path)
    return dataclasses.replace(summary, noise_gain=measured)


def _measure_noise_gain(path: Path) -> float | None:
    """That of a look's paintings of drawn pictures; None where ONNX Runtime cannot paint them."""
    import numpy as np

    from limner.data.synthetic.draw import draw
    from limner.data.synthetic.subjects import Subject
    from limner.evaluation.noise_gain import Array, measure_camera_noise_gain
    from limner.look.look import open_look

    look = open_look(path)
    height, width = look.shape

    def paint(picture: Array) -> Array:
        look.reset_state()
        return look.paint(picture)

    drawn = (next(draw(subject, 1, look.pixels, 0)) for subject in get_args(Subject))
    pictures = (np.asarray(picture, np.float32)[:height, :width] / np.float32(255) for picture in drawn)
    try:
        return measure_camera_noise_gain(paint, pictures)
    except LimnerError:
        return None
