"""Learning-rate schedules by name: the part of the highest rate at each step, torch's formulas.

They are functions of the step, so that a resumed training has no schedule to restore.
"""

from __future__ import annotations

import math

from limner.lab.options import ScheduleName

RISE, START, END = 0.3, 1 / 25, 1e-4
"""torch's defaults of OneCycleLR: the part that rises, the first rate, the last by the first."""

DROPS = (0.5, 0.75)
"""Where the rate of `step` falls to a tenth, as in He et al. 2015 (32,000 and 48,000 of 64,000 steps)."""

LAST = 0.01
"""The last rate of `exponential`."""


def rate_at(schedule: ScheduleName, step: int, steps: int) -> float:
    """The part of the highest rate, 0..1, in step `step` of `steps`, counted from 0."""
    done = step / max(steps, 1)
    match schedule:
        case "constant":
            return 1.0
        case "step":
            return float(0.1 ** sum(done >= drop for drop in DROPS))
        case "exponential":
            return float(LAST**done)
        case "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        case "one-cycle":
            return _one_cycle(step, steps)


def _one_cycle(step: int, steps: int) -> float:
    top = RISE * steps - 1
    if step <= top:
        return _anneal(START, 1.0, step / top)
    return _anneal(1.0, START * END, (step - top) / (steps - 1 - top))


def _anneal(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * part))
