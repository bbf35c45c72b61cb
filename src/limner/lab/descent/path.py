"""The path of one optimizer over a surface: where it is after each step, and how high above the minimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim
from torch.optim import Optimizer

from limner.errors import LimnerError
from limner.lab.descent.options import DescentSettings
from limner.lab.descent.racers import RACERS, Racer, RacerName
from limner.lab.descent.random_numbers import batch_of, normal, random_numbers
from limner.lab.descent.surfaces import Point, Surface, squared_error
from limner.lab.optimizers import MAKERS
from limner.progress import Progress, no_progress

TOLERANCE = 1e-3
"""Converged: the height above the minimum is this part of the first one, as on the page's map of steps."""

EXPLODED = 1e6
"""Diverged: it is so many times the first one, or no number any more."""

REPORT_EVERY = 100
"""Steps."""

Loss = Callable[[Tensor, int], Tensor]
"""The loss of weights (2,) in a step, counted from 0: its slope is what the optimizer is given."""


@dataclass(frozen=True)
class Path:
    """A racer's path. It ends early where a weight or the loss is no finite number any more."""

    racer: Racer
    rate: float
    points: tuple[Point, ...]
    """The start, and the place after each step."""
    losses: tuple[float, ...]
    """Heights above the minimum, one for each point."""
    converged: int | None
    """The first step, counted from 1, whose loss is below `TOLERANCE` of the start's; 0 for a start at a
    minimum; None where there is none, or it diverged before."""
    diverged: int | None
    """The first step whose loss is above `EXPLODED` times the start's, or no finite number."""

    @property
    def steps(self) -> int:
        """Steps that were made to finite places."""
        return len(self.points) - 1


def walk_path(
    surface: Surface,
    racer: Racer,
    settings: DescentSettings,
    on_step: Callable[[int], None] | None = None,
) -> Path:
    """The path of one racer, from the surface's own start where the settings have none.

    `on_step` is told how many steps are made, before each one.
    """
    weights = nn.Parameter(torch.tensor(settings.start or surface.start, dtype=torch.float64))
    rate = settings.rate_of(racer.name)
    optimizer = make_optimizer(racer.name, weights, rate, settings.m)
    loss_of = make_loss(surface, racer, settings)
    points: list[Point] = []
    losses: list[float] = []
    for step in range(settings.steps + 1):
        if on_step is not None:
            on_step(step)
        with torch.no_grad():
            loss = float(surface.value(*weights.unbind())) - surface.least
        x, y = weights.tolist()
        if not all(map(math.isfinite, (x, y, loss))):
            break
        points.append((x, y))
        losses.append(loss)
        if step < settings.steps:
            optimizer.zero_grad()
            loss_of(weights, step).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    ends = find_ends(losses, is_whole=len(points) > settings.steps)
    return Path(racer, rate, tuple(points), tuple(losses), *ends)


def make_optimizer(name: RacerName, weights: nn.Parameter, rate: float, momentum: float) -> Optimizer:
    """torch's optimizer with its defaults, or Lion; mini-batch and stochastic descent are SGD."""
    match name:
        case "batch" | "mini" | "stochastic":
            return MAKERS["sgd"]([weights], lr=rate)
        case "momentum" | "nesterov":
            # torch refuses Nesterov without momentum, which would be plain descent.
            is_nesterov = name == "nesterov" and momentum > 0
            return optim.SGD([weights], lr=rate, momentum=momentum, nesterov=is_nesterov)
        case _:
            return MAKERS[name]([weights], lr=rate)


def make_loss(surface: Surface, racer: Racer, settings: DescentSettings) -> Loss:
    """The loss whose slope the racer is given: of all examples, or of those that its batch has.

    On surfaces that are no mean over examples, a batch of B has noise of deviation `noise` / sqrt(B).
    """
    size = 1 if racer.sample == "one" else settings.batch
    examples = surface.examples
    if racer.sample == "all" or (examples is not None and size >= len(examples)):
        return lambda weights, _: surface.value(*weights.unbind())
    if examples is None:
        deviation = settings.noise / math.sqrt(size)
        return lambda weights, step: (
            surface.value(*weights.unbind()) + weights @ draw_noise(deviation, settings.seed, step)
        )

    def batch_loss(weights: Tensor, step: int) -> Tensor:
        chosen = list(batch_of(step, len(examples), size, settings.seed))
        return squared_error(weights[0], weights[1], examples[chosen])

    return batch_loss


def draw_noise(deviation: float, seed: int, step: int) -> Tensor:
    """The noise of a step's slope, (2,) in float64."""
    draw = random_numbers(seed, step)
    return torch.tensor([deviation * normal(draw), deviation * normal(draw)], dtype=torch.float64)


def race(surface: Surface, settings: DescentSettings, progress: Progress = no_progress) -> list[Path]:
    """The paths of all who race. Raises LimnerError where the start is not in view."""
    check_start(surface, settings.start)
    total = settings.steps * len(settings.who)
    paths: list[Path] = []
    for name in settings.who:

        def report(step: int) -> None:
            if step % REPORT_EVERY == 0:
                progress(len(paths) * settings.steps + step, total, "racing")

        paths.append(walk_path(surface, RACERS[name], settings, report))
    return paths


def check_start(surface: Surface, start: Point | None) -> None:
    """Raise LimnerError where the start is outside of what the page shows of the surface."""
    if start is None:
        return
    (left, right), (bottom, top) = surface.view
    if not (left <= start[0] <= right and bottom <= start[1] <= top):
        raise LimnerError(
            f"--start={start[0]:g},{start[1]:g} is not on the map of {surface.name}: the first number has "
            f"to be from {left:.4g} to {right:.4g}, the second from {bottom:.4g} to {top:.4g}."
        )


def find_ends(losses: Sequence[float], *, is_whole: bool) -> tuple[int | None, int | None]:
    """The steps at which a path converged and diverged; one that is not whole did so after its end."""
    steps = range(len(losses))
    diverged = next((step for step in steps if losses[step] > EXPLODED * losses[0] > 0), None)
    if diverged is None and not is_whole:
        diverged = len(losses)
    converged = next((step for step in steps if losses[step] <= TOLERANCE * losses[0]), None)
    if converged is not None and diverged is not None and diverged < converged:
        converged = None
    return converged, diverged
