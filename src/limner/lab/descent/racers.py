"""Who races, as in the page's tab Descent: names, colours, dashes, and the rates that suit each surface.

The command line imports this module, so it needs no torch. `web/lab/descent/racers.ts` has the same; a
test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context
from typing import Literal, get_args

SurfaceName = Literal["ravine", "saddle", "beale", "rosenbrock", "himmelblau", "cars"]
RacerName = Literal[
    "batch",
    "mini",
    "stochastic",
    "momentum",
    "nesterov",
    "adagrad",
    "adadelta",
    "rmsprop",
    "adam",
    "adamw",
    "lion",
]
Sample = Literal["all", "batch", "one"]
"""Whose gradient: of all examples, of a batch, or of one."""

PLAIN_DESCENT = frozenset({"batch", "mini", "stochastic", "momentum", "nesterov"})
"""Those whose steps are as long as gradients, so that their rates depend on the ravine's steepness."""


@dataclass(frozen=True)
class Racer:
    """One optimizer with its gradient and its looks."""

    name: RacerName
    label: str
    sample: Sample
    light: str
    """Its colour on light paper."""
    dark: str
    dash: tuple[float, ...]
    """Lengths of strokes and gaps in pixels; empty for a solid line."""
    rates: tuple[float, float, float, float, float, float]
    """Learning rates for the surfaces, in the order of `SurfaceName`."""


_DESCENT_RATES = (0.018, 0.05, 0.01, 0.002, 0.01, 0.3)
_STOCHASTIC_RATES = (0.01, 0.05, 0.005, 0.0014, 0.005, 0.1)
_ADAM_RATES = (0.15, 0.1, 0.15, 0.4, 0.3, 0.1)

RACERS: dict[RacerName, Racer] = {
    racer.name: racer
    for racer in (
        Racer("batch", "Batch descent", "all", "#1b1814", "#ece5d8", (), _DESCENT_RATES),
        Racer("mini", "Mini-batch", "batch", "#6b6255", "#b7ab98", (7, 4), _DESCENT_RATES),
        Racer("stochastic", "Stochastic", "one", "#8a7350", "#a58f6f", (1.5, 4), _STOCHASTIC_RATES),
        Racer(
            "momentum", "Momentum", "all", "#0072b2", "#56b4e9", (), (0.012, 0.02, 0.005, 0.001, 0.003, 0.1)
        ),
        Racer(
            "nesterov",
            "Nesterov",
            "all",
            "#4a3fb5",
            "#4f86f7",
            (9, 4),
            (0.008, 0.02, 0.005, 0.0012, 0.003, 0.1),
        ),
        Racer("adagrad", "Adagrad", "all", "#00795a", "#1fb58a", (), (0.5, 0.3, 0.4, 1.2, 0.8, 0.3)),
        Racer("adadelta", "Adadelta", "all", "#5d8500", "#a5d65c", (5, 3), (10, 10, 10, 30, 30, 10)),
        Racer("rmsprop", "RMSprop", "all", "#9a7d00", "#f0e442", (), (0.01, 0.01, 0.01, 0.03, 0.03, 0.01)),
        Racer("adam", "Adam", "all", "#c05f00", "#ff9d3b", (), _ADAM_RATES),
        Racer("adamw", "AdamW", "all", "#b02a1a", "#f2644b", (8, 3, 2, 3), _ADAM_RATES),
        Racer("lion", "Lion", "all", "#a3467f", "#e58cc0", (3, 3), (0.03, 0.03, 0.03, 0.02, 0.06, 0.02)),
    )
}

USUAL_RACERS: tuple[RacerName, ...] = (
    "batch",
    "stochastic",
    "momentum",
    "nesterov",
    "adagrad",
    "adadelta",
    "rmsprop",
    "adam",
)
"""The eight of the classic overview (Ruder 2016, arXiv:1609.04747)."""

LEAST_STEEPNESS, STEEPNESS_OF_RATES = 4, 100


def usual_rate(racer: Racer, on: SurfaceName, k: float) -> float:
    """The learning rate that suits the surface; on the ravine those of plain descent fall with its `k`."""
    rate = racer.rates[get_args(SurfaceName).index(on)]
    if on != "ravine" or racer.name not in PLAIN_DESCENT:
        return rate
    return round_to_two_digits(rate * (STEEPNESS_OF_RATES / max(k, LEAST_STEEPNESS)))


def round_to_two_digits(value: float) -> float:
    """As JavaScript's `toPrecision(2)`: halves go up."""
    return float(Context(prec=2, rounding=ROUND_HALF_UP).create_decimal_from_float(value))
