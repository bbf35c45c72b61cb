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
