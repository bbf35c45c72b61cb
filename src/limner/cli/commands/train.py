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
    """Train a network on a store of pictures, or go on with a run that stopped.

    For example:

        limner train store --out run --size small --epochs 100
        torchrun --nproc-per-node 2 -m limner train store --out run
    """

    pictures: Annotated[Positional[Path], tyro.conf.arg(metavar="STORE")]
    """What `limner pictures` wrote."""
    out: Path
    """The run's folder; an earlier run there is gone on with."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    stop: Flat[BudgetOptions] = field(default_factory=BudgetOptions)

    def run(self) -> None:
        from limner.cli.pipeline import train
        from limner.data.store import open_store

        train(open_store(self.pictures), self.out, self.recipe, self.stop)
