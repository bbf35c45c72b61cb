"""lab descent: optimizers race over a loss of two weights, as in the tab Descent of the lab's page.

Like every command (`limner.cli.commands.look`) it imports heavy modules only when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from limner.cli.options import NO_DEFAULT_SHOWN
from limner.display import printable
from limner.errors import LimnerError
from limner.lab.descent.options import (
    DescentSettings,
    check_settings,
    parse_racers,
    parse_rates,
    parse_start,
    parse_surface,
)

if TYPE_CHECKING:
    from rich.table import Table

    from limner.lab.descent.path import Path as RacerPath

USUAL = DescentSettings()

LONG_RACE = 10_000
"""Steps of all racers together that take seconds, so that a bar tells the time left."""


@dataclass(frozen=True)
class DescentCommand:
    """Race optimizers over a loss of two weights, as the tab Descent of the lab's page does.

    The options have the names and the usual values of the page, whose box shows this command; the paths are
    the page's, computed by torch in float64. The table says where each optimizer ends, at which height
    above the minimum, and at which step it was down to a thousandth of its first height; an optimizer whose
    height grew a millionfold has diverged. OUT gets paths.svg, a map with all paths, and record.json, with
    all their numbers. For example:

        limner lab descent --on beale --who batch.momentum.adam
        limner lab descent --on himmelblau --start=-0.5,-1 --steps 300
        limner lab descent --on ravine --k 200 --m 0.95 --lr momentum=0.01 adam=0.3
        limner lab descent --on cars --who batch.mini.stochastic --batch 32
    """

    on: str = USUAL.on
    """The surface: ravine, saddle, beale, rosenbrock, himmelblau; or cars, the loss of a line through the
    cars of `limner data cars`, by its slope and offset."""
    who: Annotated[str, NO_DEFAULT_SHOWN] = ".".join(USUAL.who)
    """Who races, with dots between: batch, mini, stochastic (descent by all examples, a batch, or one),
    momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, lion. Default: all but mini, adamw and
    lion."""
    lr: Annotated[tuple[str, ...], tyro.conf.arg(metavar="RATE...", help_behavior_hint="")] = ()
    """Learning rates: 0.01 for all who race, adam=0.05 for one; several may follow one another. Default:
    rates that suit the surface, as on the page."""
    start: Annotated[str | None, tyro.conf.arg(metavar="X,Y", help_behavior_hint="")] = None
    """Where all begin. Default: a place that suits the surface."""
    steps: int = USUAL.steps
    """Steps of each path."""
    m: float = USUAL.m
    """Momentum of momentum and nesterov, from 0 to below 1."""
    k: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """For ravine: how much steeper its walls are than its bed. Default: 50."""
    batch: int = USUAL.batch
    """Examples of a mini-batch."""
    noise: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Standard deviation of the slope of one example, on surfaces that are no mean over examples; mini and
    stochastic get it. Default: 0.5."""
    seed: int = USUAL.seed
    """The same seed gives the same noise, and the same batches of cars."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder of the results. Default: limner-lab/descent-ON. An earlier race there is replaced."""
    data: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder that holds the data sets. Default: where `limner data` keeps them."""

    def run(self) -> None:
        settings = self.settings()
        out = self.out or Path("limner-lab") / f"descent-{settings.on}"
        import torch
        from rich import print as rich_print

        from limner.bench.environment import collect_environment
        from limner.lab.descent.run import run_descent
        from limner.progress import ProgressBar, no_progress

        environment = collect_environment(torch.device("cpu"))
        is_long = settings.steps * len(settings.who) >= LONG_RACE
        with ProgressBar() as bar:
            progress = bar if is_long else no_progress
            paths = run_descent(settings, out, self.data, environment, progress)
        rich_print(make_table(paths))
        print(f"Repeat it: {printable(settings.command_line())}\nResults: {printable(out)}")

    def settings(self) -> DescentSettings:
        """The settings with their defaults. Raises LimnerError where one cannot be used."""
        on = parse_surface(self.on)
        if self.k is not None and on != "ravine":
            raise LimnerError(f"limner lab descent --on {on} takes no --k; only the ravine has one.")
        if self.noise is not None and on == "cars":
            raise LimnerError(
                "limner lab descent --on cars takes no --noise: its batches are of real cars."
            )
        who = parse_racers(self.who)
        return check_settings(
            DescentSettings(
                on=on,
                k=USUAL.k if self.k is None else self.k,
                m=self.m,
                batch=self.batch,
                noise=USUAL.noise if self.noise is None else self.noise,
                start=None if self.start is None else parse_start(self.start),
                who=who,
                steps=self.steps,
                seed=self.seed,
                rates=parse_rates(self.lr, who),
            )
        )


def make_table(paths: Sequence[RacerPath]) -> Table:
    """Where each optimizer ends, and when it had come down."""
    from rich.table import Table

    from limner.lab.descent.drawing import describe_arrival

    table = Table("optimizer", "rate", "steps", "end", "height")
    table.add_column("down to 1/1000", no_wrap=True)
    for path in paths:
        table.add_row(
            path.racer.label,
            f"{path.rate:g}",
            f"{path.steps:,}",
            ", ".join(map(_describe_place, path.points[-1])),
            f"{path.losses[-1]:.3g}",
            describe_arrival(path),
        )
    return table


def _describe_place(value: float) -> str:
    """Three digits after the point, which are enough for a map; its size where it is far away."""
    return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 1000 else f"{value:.0e}"
