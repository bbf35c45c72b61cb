"""A live input: a value of a look that a person may turn while it paints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveInput:
    """A value that may be turned while the look paints."""

    label: str
    minimum: float
    maximum: float
    default: float
