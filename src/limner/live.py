"""A live input: a value of a look that a person can change while the look paints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveInput:
    """A value that can be changed while the look paints."""

    label: str
    minimum: float
    maximum: float
    default: float


ELAPSED = "elapsed"
"""The reserved live input: the seconds since the last frame, which whoever paints sets before each one."""

ELAPSED_SECONDS = LiveInput("Elapsed seconds", 0.001, 60.0, 1 / 60)


def clip_seconds(seconds: float) -> float:
    """Seconds since the last frame as `ELAPSED` takes them."""
    return min(max(seconds, ELAPSED_SECONDS.minimum), ELAPSED_SECONDS.maximum)
