"""How `limner lab painter` can be set: the settings of the page's tab Painter, with its defaults.

The command line imports this module, so it needs no torch. A test holds names, sizes and rates to those of
the page (web/lab/painter/settings.ts).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from limner.errors import LimnerError
from limner.export.step_options import OptimizerName
from limner.lab.options import choose

COMMAND = "limner lab painter"

NetName = Literal["grid", "siren", "fourier", "mlp"]
ActivationName = Literal["tanh", "relu", "sigmoid", "sine", "identity", "step"]

SIDE = 256
"""Pixels along a side of the picture that is learned."""

DEFAULT_STEPS = 2000
DEFAULT_BATCH = 64 * 64
MAX_STEPS = 10_000_000
MAX_DEPTH, MAX_WIDTH, MAX_SEED, MAX_PIXELS = 16, 1024, 2**24 - 1, 8192

SIZES: dict[NetName, tuple[int, int]] = {
    "grid": (1, 32),
    "siren": (3, 64),
    "fourier": (2, 64),
    "mlp": (3, 32),
}
"""Hidden layers and their units."""

ADAM_RATES: dict[NetName, float] = {"grid": 0.02, "siren": 0.0005, "fourier": 0.005, "mlp": 0.01}
"""Learning rates of Adam."""

RATES_BY_ADAM: dict[OptimizerName, float] = {
    "sgd": 30,
    "momentum": 5,
    "nesterov": 5,
    "adagrad": 5,
    "adadelta": 100,
    "rmsprop": 1,
    "adam": 1,
    "adamw": 1,
    "lion": 0.2,
    "muon": 2,
}
"""How many times as large as Adam's the rates of an optimizer usually are."""


@dataclass(frozen=True)
class PainterSettings:
    """What a training's curve depends on, beside the picture, the machine and the versions."""

    net: NetName
    depth: int
    """Hidden layers."""
    width: int
    """Units of each."""
    act: ActivationName
    """Of the hidden layers of `mlp`; the other networks have their own."""
    optimizer: OptimizerName
    lr: float
    batch: int
    """Pixels a step, drawn by chance; all of them, in order, where they are as many as the picture has."""
    frozen: tuple[str, ...]
    """Layers that are not learned, such as `hidden1`; `grids` are the tables."""
    seed: int

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"task": "painter", **asdict(self), "frozen": list(self.frozen)}

    def differences(self, other: dict[str, Any]) -> list[str]:
        """The names of the settings in which another training's differ."""
        return [name for name, value in self.to_json().items() if other.get(name) != value]


def make_settings(
    *,
    net: str = "",
    depth: int | None = None,
    width: int | None = None,
    act: str = "",
    optimizer: str = "adam",
    lr: float | None = None,
    batch: int | None = None,
    frozen: Sequence[str] = (),
    seed: int = 0,
) -> PainterSettings:
    """The settings with their defaults. Raises LimnerError with a sentence where one cannot be used."""
    name = _choose_net(net or "grid")
    choose("--optimizer", optimizer, get_args(OptimizerName), COMMAND)
    if act and name != "mlp":
        raise LimnerError(f"--act is for --net mlp: {name} has activations of its own.")
    choose("--act", act or "tanh", get_args(ActivationName), COMMAND)
    usual_depth, usual_width = SIZES[name]
    settings = PainterSettings(
        net=name,
        depth=usual_depth if depth is None else depth,
        width=usual_width if width is None else width,
        act=act or "tanh",  # type: ignore[arg-type]
        optimizer=optimizer,  # type: ignore[arg-type]
        lr=default_rate(name, optimizer) if lr is None else lr,  # type: ignore[arg-type]
        batch=DEFAULT_BATCH if batch is None else batch,
        frozen=tuple(frozen),
        seed=seed,
    )
    _check_ranges(settings)
    _check_frozen(settings)
    return settings


def default_rate(net: NetName, optimizer: OptimizerName) -> float:
    """The learning rate that suits a network with an optimizer."""
    return float(f"{ADAM_RATES[net] * RATES_BY_ADAM[optimizer]:.12g}")


def layer_names(net: NetName, depth: int) -> tuple[str, ...]:
    """The layers that can be learned or frozen, from the place to the colour."""
    grids = ("grids",) if net == "grid" else ()
    return (*grids, *(f"hidden{number + 1}" for number in range(depth)), "colour")


def check_steps(steps: int) -> int:
    """Return the number of steps. Raises LimnerError where it cannot be used."""
    _check_whole("--steps", steps, 1, MAX_STEPS)
    return steps


def check_pixels(pixels: int) -> int:
    """Return the pixels along a side of a painting. Raises LimnerError where they cannot be used."""
    _check_whole("--pixels", pixels, 1, MAX_PIXELS)
    return pixels


def _choose_net(name: str) -> NetName:
    if name == "synaptic":
        raise LimnerError(
            "synaptic's perceptron learns in the page alone: `limner lab` serves it. Choose from: "
            f"{', '.join(SIZES)}."
        )
    choose("--net", name, SIZES, COMMAND)
    return next(each for each in SIZES if each == name)


def _check_ranges(settings: PainterSettings) -> None:
    for option, value, least, most in (
        ("--depth", settings.depth, 0, MAX_DEPTH),
        ("--width", settings.width, 1, MAX_WIDTH),
        ("--batch", settings.batch, 1, SIDE * SIDE),
        ("--seed", settings.seed, 0, MAX_SEED),
    ):
        _check_whole(option, value, least, most)
    if not (math.isfinite(settings.lr) and settings.lr > 0):
        raise LimnerError(f"--lr is {settings.lr}, but has to be above 0.")


def _check_whole(option: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise LimnerError(f"{option} is {value}, but has to be a whole number from {least} to {most:,}.")


def _check_frozen(settings: PainterSettings) -> None:
    names = layer_names(settings.net, settings.depth)
    for name in settings.frozen:
        choose("--frozen", name, names, f"{COMMAND} --net {settings.net} --depth {settings.depth}")
    if set(settings.frozen) >= set(names):
        raise LimnerError("--frozen names all layers, so that nothing would be learned: leave one out.")
