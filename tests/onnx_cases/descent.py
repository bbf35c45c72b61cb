"""Races of `limner lab descent` for the tab Descent: surfaces, racers, commands, and paths by torch.

Each race has the address of the page that it repeats, so that the page's command is compared, too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor

from limner.lab.descent.options import DescentSettings
from limner.lab.descent.path import race
from limner.lab.descent.racers import RACERS, RacerName, SurfaceName, usual_rate
from limner.lab.descent.surfaces import Surface, line, make_surface

ALL: tuple[RacerName, ...] = get_args(RacerName)
ALL_IN_ADDRESS = "who=" + ".".join(ALL)
STEPS = 50
POINTS = 20
"""On each surface, at which values and slopes are compared."""

STEEPNESSES = (1, 4, 8, 50, 96, 1000)
"""At 8 the rate of stochastic descent is 0.125, which both sides round up."""


class Case(NamedTuple):
    """A race, and what the page's address says of it after `#descent?`."""

    address: str
    settings: DescentSettings


def _case(address: str, **settings: Any) -> Case:
    given: dict[str, Any] = {"who": ALL, "steps": STEPS} | settings
    return Case(f"{ALL_IN_ADDRESS}&steps={STEPS}&{address}", DescentSettings(**given))


CASES = (
    Case("", DescentSettings()),
    Case(
        "on=himmelblau&who=batch.adam&k=8",
        DescentSettings(on="himmelblau", who=("batch", "adam")),
    ),
    _case("on=ravine"),
    _case("on=ravine&k=8&m=0&noise=0.25", k=8.0, m=0.0, noise=0.25),
    _case("on=saddle&m=0.5", on="saddle", m=0.5),
    _case("on=beale&start=-1.25_1.5&batch=4", on="beale", start=(-1.25, 1.5), batch=4),
    _case(
        "on=rosenbrock&lr-adam=0.2&lr-lion=0.01&seed=16777215",
        on="rosenbrock",
        rates={"adam": 0.2, "lion": 0.01},
        seed=2**24 - 1,
    ),
    # The start lies on no map of Himmelblau's, the rate is that of somebody who does not race, and nothing
    # is random: the command says none of them.
    Case(
        "on=himmelblau&start=50_1&who=momentum.nesterov.adamw&lr-adam=0.2&seed=7&noise=2",
        DescentSettings(on="himmelblau", who=("momentum", "nesterov", "adamw")),
    ),
    _case("on=himmelblau&noise=2&seed=7", on="himmelblau", noise=2.0, seed=7),
    _case("on=cars&seed=3&batch=10", on="cars", seed=3, batch=10),
    # These leave the range of numbers.
    Case(
        "on=rosenbrock&who=batch.momentum&lr-batch=0.05&lr-momentum=0.05&steps=20",
        DescentSettings(
            on="rosenbrock", who=("batch", "momentum"), rates={"batch": 0.05, "momentum": 0.05}, steps=20
        ),
    ),
)


def made_up_examples() -> Tensor:
    """Inputs and targets in place of the cars, (60, 2): a bent cloud."""
    inputs = torch.linspace(0, 1, 60, dtype=torch.float64)
    noise = torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.stack([inputs, 0.2 / (inputs + 0.25) + 0.05 * noise], dim=1)


def surface_of(name: SurfaceName, k: float) -> Surface:
    """The surface, of made-up examples in place of the cars."""
    return line(made_up_examples()) if name == "cars" else make_surface(name, k)


def write_descent(folder: Path) -> None:
    """Write `descent.json`."""
    content = {
        "examples": made_up_examples().T.tolist(),
        "racers": [
            {
                "name": racer.name,
                "label": racer.label,
                "sample": racer.sample,
                "colors": [racer.dark, racer.light],
                "dash": list(racer.dash),
            }
            for racer in RACERS.values()
        ],
        "rates": [
            {"on": on, "k": k, "rates": {racer.name: usual_rate(racer, on, k) for racer in RACERS.values()}}
            for on in get_args(SurfaceName)
            for k in STEEPNESSES
        ],
        "surfaces": [_describe_surface(surface_of(name, 8)) for name in get_args(SurfaceName)],
        "races": [_race(case) for case in CASES],
    }
    (folder / "descent.json").write_text(json.dumps(content))


def _describe_surface(surface: Surface) -> dict[str, Any]:
    """Where it is least, and its values and slopes at places in view."""
    (left, right), (bottom, top) = surface.view
    parts = torch.rand(POINTS, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    places = parts * torch.tensor([right - left, top - bottom]) + torch.tensor([left, bottom])
    places.requires_grad_()
    values = surface.value(*places.unbind(1))
    (slopes,) = torch.autograd.grad(values.sum(), places)
    return {
        "name": surface.name,
        "view": surface.view,
        "start": surface.start,
        "minima": surface.minima,
        "least": surface.least,
        "points": places.tolist(),
        "values": values.tolist(),
        "slopes": slopes.tolist(),
    }


def _race(case: Case) -> dict[str, Any]:
    settings = case.settings
    paths = race(surface_of(settings.on, settings.k), settings)
    return {
        "address": case.address,
        "command": settings.command_line(),
        "on": settings.on,
        "k": settings.k,
        "steps": settings.steps,
        "paths": [
            {"name": path.racer.name, "points": path.points, "losses": path.losses} for path in paths
        ],
    }
