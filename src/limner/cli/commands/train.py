"""train: train a network on a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import BudgetOptions, Flat
from limner.recipe import Recipe


@dataclass(frozen=True)
class TrainCommand:
    """Train a network on a store of pictures, or resume a run.

    For example:

        limner train store --out run --size small --epochs 100
        torchrun --nproc-per-node 2 -m limner train store --out run
    """

    pictures: Annotated[Positional[Path], tyro.conf.arg(metavar="STORE")]
    """A store written by `limner pictures`."""
    out: Path
    """The run's folder; a run that is already there is resumed."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    budget: Flat[BudgetOptions] = field(default_factory=BudgetOptions)

    def run(self) -> None:
        from limner.cli.pipeline import train_run
        from limner.data.store import open_store

        train_run(open_store(self.pictures), self.out, self.recipe, self.budget)
