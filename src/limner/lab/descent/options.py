"""The settings of a race, with the names and the usual values that the page's tab Descent has.

The command line imports this module, so it needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast, get_args

from limner.display import printable
from limner.errors import LimnerError
from limner.lab.descent.racers import RACERS, USUAL_RACERS, RacerName, SurfaceName, usual_rate
from limner.lab.options import choose

COMMAND = "limner lab descent"

MAX_STEPS = 10_000
MAX_BATCH = 1_000_000
MAX_SEED = 2**24 - 1


@dataclass(frozen=True)
class DescentSettings:
    """What the paths depend on, beside the cars and the versions."""

    on: SurfaceName = "ravine"
    k: float = 50.0
    """How much steeper the ravine's walls are than its bed."""
    m: float = 0.9
    """Momentum of `momentum` and `nesterov`."""
    batch: int = 16
    """Examples of a mini-batch."""
    noise: float = 0.5
    """Standard deviation of one example's gradient, on surfaces that are no mean over examples."""
    start: tuple[float, float] | None = None
    """None for the surface's own."""
    who: tuple[RacerName, ...] = USUAL_RACERS
    steps: int = 150
    seed: int = 1
    rates: dict[RacerName, float] = field(default_factory=dict)
    """Learning rates that are not the usual ones."""

    def rate_of(self, name: RacerName) -> float:
        """The learning rate of a racer: the set one, or the usual one of the surface."""
        return self.rates.get(name) or usual_rate(RACERS[name], self.on, self.k)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)

    def command_line(self) -> str:
        """The command that repeats the race: what is not as usual, in the words of the page."""
        usual = DescentSettings()
        words = ["--on", self.on]
        if self.who != usual.who:
            words += ["--who", ".".join(self.who)]
        for name in ("k", "m", "batch", "noise", "steps", "seed"):
            if getattr(self, name) != getattr(usual, name):
                words += [f"--{name}", _write(getattr(self, name))]
        if self.start is not None:
            # One word: a start that begins with a minus would look like an option.
            words.append(f"--start={','.join(map(_write, self.start))}")
        if self.rates:
            words += ["--lr", *self._rate_words()]
        return " ".join([COMMAND, *words])

    def _rate_words(self) -> list[str]:
        if set(self.rates) == set(self.who) and len(set(self.rates.values())) == 1:
            return [_write(self.rates[self.who[0]])]
        return [f"{name}={_write(rate)}" for name, rate in self.rates.items()]


def check_settings(settings: DescentSettings) -> DescentSettings:
    """Return the settings. Raises LimnerError with a sentence where one cannot be used."""
    for option, value, is_usable, rule in (
        ("--k", settings.k, 1 <= settings.k <= 1e6, "from 1 to 1,000,000"),
        ("--m", settings.m, 0 <= settings.m < 1, "from 0 to below 1"),
        ("--batch", settings.batch, 1 <= settings.batch <= MAX_BATCH, f"from 1 to {MAX_BATCH:,}"),
        ("--noise", settings.noise, 0 <= settings.noise < math.inf, "0 or more"),
        ("--steps", settings.steps, 1 <= settings.steps <= MAX_STEPS, f"from 1 to {MAX_STEPS:,}"),
        ("--seed", settings.seed, 0 <= settings.seed <= MAX_SEED, f"from 0 to {MAX_SEED:,}"),
    ):
        if not is_usable:
            raise LimnerError(f"{option} is {value}, but has to be {rule}.")
    return settings


def parse_surface(text: str) -> SurfaceName:
    """The surface of that name. Raises LimnerError for another name."""
    if text == "mnist":
        raise LimnerError(
            f"{COMMAND} has no --on mnist: the plane goes through two runs that only the page makes. Open "
            "it there, with `limner lab`."
        )
    choose("--on", text, get_args(SurfaceName), COMMAND)
    return cast(SurfaceName, text)


def parse_racers(text: str) -> tuple[RacerName, ...]:
    """The racers of names with dots between, in the page's order. Raises LimnerError for other names."""
    names = text.split(".") if text else []
    if not names:
        raise LimnerError(f"--who names nobody. Name some of {', '.join(RACERS)}, with dots between.")
    for name in names:
        choose("--who", name, RACERS, COMMAND)
    return tuple(name for name in RACERS if name in names)


def parse_start(text: str) -> tuple[float, float]:
    """Two numbers with a comma between. Raises LimnerError for anything else."""
    parts = [_parse_number(part) for part in text.split(",")]
    if len(parts) != 2 or None in parts:
        raise LimnerError(
            f"--start is {printable(text)}, but has to be two numbers with a comma between, such as "
            "--start=-0.5,1."
        )
    return cast(tuple[float, float], tuple(parts))


def parse_rates(texts: Sequence[str], who: Sequence[RacerName]) -> dict[RacerName, float]:
    """Learning rates: a number for all of `who`, NAME=RATE for one. Raises LimnerError for others."""
    for_all: dict[RacerName, float] = {}
    for_one: dict[RacerName, float] = {}
    for text in texts:
        name, separator, number = text.rpartition("=")
        rate = _parse_number(number)
        if rate is None or rate <= 0:
            raise LimnerError(
                f"--lr has {printable(text)}, but takes a rate above 0 for all who race, such as 0.01, or "
                "NAME=RATE for one, such as adam=0.05."
            )
        if not separator:
            for_all = dict.fromkeys(who, rate)
            continue
        choose("--lr", name, RACERS, COMMAND)
        racer = cast(RacerName, name)
        if racer not in who:
            raise LimnerError(f"--lr has a rate for {name}, who does not race: add it to --who.")
        for_one[racer] = rate
    rates = for_all | for_one
    return {name: rates[name] for name in who if name in rates}


def _parse_number(text: str) -> float | None:
    """A finite number as people write it; None for anything else."""
    try:
        value = float(text.replace("_", "?"))  # Python would take 1_0 for 10
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _write(value: float) -> str:
    return repr(value).removesuffix(".0")
