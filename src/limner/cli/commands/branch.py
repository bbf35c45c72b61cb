"""branch: teach a look another way to paint, from a few pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.branch_recipe import BranchRecipe
from limner.cli.options import NO_DEFAULT_SHOWN, Flat

DEFAULT_MINUTES = 1.0


@dataclass(frozen=True)
class BranchCommand:
    """Teach a look another way to paint from 3 to 20 pictures: a branch, behind a slider of its own.

    The look stays as it is: with all sliders at 0 it paints as before, to the bit. A branch takes at most
    50 kB of the same file and learns for a minute. Run it again with another name and other pictures for
    another branch: sliders mix them. Ctrl-C keeps what is learned so far.

    FOLDER holds what is to be painted. With --inputs, another folder has the photos that they are paintings
    of, under the same names; without it, the look learns to paint the pictures from what it sees of them.

    For example:

        limner branch faces.onnx men-as-comics --name men --inputs men
        limner branch faces.onnx children-as-comics --name children --inputs children
        limner describe faces.onnx
        limner paint faces.onnx photo.jpg --branch men:0.7 children:0.3
        limner publish faces.onnx --out page
    """

    look: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK")]
    """The look's file, as `limner look` or `limner keyframe` wrote it."""
    folder: Annotated[Positional[Path], tyro.conf.arg(metavar="FOLDER")]
    """The folder of pictures to learn, 3 to 20 of them."""
    name: str
    """The branch's name: what the slider is called."""
    inputs: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """For pairs: a folder of input pictures with the same names as those in FOLDER."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The look with the branch. Default: LOOK itself."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train. Default: 1, or as long as --steps take."""
    steps: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Steps to train."""
    force: bool = False
    """Learn a branch anew that the look has, and replace a file at --out that limner did not write."""
    recipe: Flat[BranchRecipe] = field(default_factory=BranchRecipe)

    def run(self) -> None:
        from limner.cli.branch import add_branch
        from limner.training.branch import BranchBudget

        minutes = DEFAULT_MINUTES if self.minutes is None and self.steps is None else self.minutes
        add_branch(
            self.look,
            self.folder,
            self.out or self.look,
            self.recipe,
            BranchBudget(minutes, self.steps),
            name=self.name,
            inputs=self.inputs,
            force=self.force,
        )
