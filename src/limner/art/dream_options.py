"""How a dream is made. Imports no torch, since the command line imports it."""

from __future__ import annotations

from dataclasses import dataclass

from limner.errors import LimnerError

MAX_STEPS = 10_000

MAX_OCTAVES = 10

MIN_PIXELS, MAX_PIXELS = 64, 4096
"""Of a dream's long side."""


@dataclass(frozen=True)
class DreamOptions:
    """How a dream is made."""

    octaves: int = 4
    """Sizes at which the network dreams, each 1.4 times as large as the one before it."""
    steps: int = 15
    """Steps at each size."""
    step_size: float = 0.01
    """How far a step moves a pixel, on average, where black is 0 and white 1."""
    colour: float = 0.4
    """How freely colours change: 0 changes the light alone, 1 lets them turn neon."""
    smooth: float = 0.2
    """How far gradients are smoothed: 0 gives fine strokes, 1 large soft forms."""
    pixels: int = 640
    """The dream's long side; a smaller picture is enlarged."""
    seed: int = 0
    """The seed of the random shifts between steps."""


@dataclass(frozen=True)
class FilmOptions:
    """How a dream becomes a film, in which each frame begins from the one before it."""

    zoom: float = 1.02
    """How much a frame enlarges the dream before it; below 1, it shrinks."""
    rotation: float = 0.0
    """Degrees by which a frame turns the dream before it, counter-clockwise."""
    camera: float = 0.35
    """Of a clip: the share of its own frame with which the dream before it is mixed."""
    frame_steps: int = 3
    """Steps of a frame at each size; the first frame has all steps of a picture."""
    flash_limit: bool = True
    """Keep the mean luminance from changing so fast that the whole picture flashes more than three times a
    second."""


def check_dream(options: DreamOptions) -> None:
    """Raise LimnerError for an option out of its range."""
    _check("octaves", options.octaves, range(1, MAX_OCTAVES + 1))
    _check("steps", options.steps, range(1, MAX_STEPS + 1))
    _check("pixels", options.pixels, range(MIN_PIXELS, MAX_PIXELS + 1))
    _check_between("step-size", options.step_size, 0, 1)
    _check_between("colour", options.colour, 0, 1)
    _check_between("smooth", options.smooth, 0, 1)


def check_film(options: FilmOptions) -> None:
    """Raise LimnerError for an option out of its range."""
    _check_between("zoom", options.zoom, 0.5, 2)
    _check_between("rotation", options.rotation, -45, 45)
    _check_between("camera", options.camera, 0, 1)
    _check("frame-steps", options.frame_steps, range(1, MAX_STEPS + 1))


def _check(name: str, value: int, allowed: range) -> None:
    if value not in allowed:
        raise LimnerError(f"{name} is {value}; choose {allowed[0]:,} to {allowed[-1]:,}.")


def _check_between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # also refuses NaN
        raise LimnerError(f"{name} is {value:g}; choose a number from {least:g} to {most:g}.")
