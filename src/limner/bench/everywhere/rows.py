"""The rows of `limner bench everywhere`: one network in one runtime.

The same rows as a page has them: `web/shared/measurement.ts` explains each field, and a test compares the
two. Of MLPerf's rules (https://github.com/mlcommons/inference_policies) these are kept: a single stream of
queries, percentiles and no mean, accuracy and answers compared before times, and 5 % as the bar for what
repeats. Not kept are its least of 1,024 queries and of a minute, and repetitions minutes apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Platform = Literal["python", "node", "browser"]
"""What the runtime runs on."""
Kind = Literal["inference", "training"]

MAX_DRIFT = 0.05
"""MLPerf's bar for results that are run again: how far a round's median may be from the median round's."""

MIN_SAMPLES = 10
"""Fewer times have no percentile but the median, and do not tell whether they repeat."""

MAX_DIFFERENCE = 1e-3
"""Above this difference a runtime computes something else: its times are not compared."""


@dataclass(frozen=True)
class Timing:
    """The spread of the milliseconds of a run; all are None where nothing was timed."""

    runs: int
    p10_ms: float | None
    """This and `p90_ms` are None where there are too few times."""
    p50_ms: float | None
    p90_ms: float | None
    min_ms: float | None
    steady: bool
    """Whether it repeats: the median of each round is within 5 % of the median round's. False where there
    are too few times to tell."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One network in one runtime."""

    model: str
    platform: Platform
    runtime: str
    version: str
    backend: str
    device: str
    software: bool
    threads: int | None
    precision: Literal["float32", "float16"]
    batch: int
    kind: Kind
    load_ms: float | None
    first_run_ms: float | None
    timing: Timing
    cpu_ms: float | None
    max_difference: float | None
    accuracy: float | None = None
    """The part of the test pictures that it classifies rightly, in 0..1; None where there are none."""
    accuracy_difference: float | None = None
    """From the reference's accuracy."""
    bytes: int | None
    reason: str | None = None
    """Why it could not run, as a sentence; None where it ran."""

    def to_json(self) -> dict[str, Any]:
        """The row as the JSON file and a page have it; numbers that JSON does not have are null."""
        fields = vars(self) | vars(self.timing)
        del fields["timing"]
        if self.reason is None:
            del fields["reason"]
        return {camel_case(name): _finite(value) for name, value in fields.items()}


def is_ranked(row: dict[str, Any]) -> bool:
    """Whether the times of a row, as the JSON has it, can be compared with others'."""
    if row["p50Ms"] is None or row["maxDifference"] is None:
        return False
    return row["maxDifference"] <= MAX_DIFFERENCE and not row["accuracyDifference"]


def summarize_rounds(rounds: Sequence[Sequence[float]], runs: int) -> Timing:
    """The spread of milliseconds, which were taken in rounds, of so many runs."""
    every = [value for times in rounds for value in times]
    if not every:
        return Timing(0, None, None, None, None, False)
    low, middle, high = (float(value) for value in np.quantile(every, (0.1, 0.5, 0.9)))
    if len(every) < MIN_SAMPLES:
        return Timing(runs, None, middle, None, min(every), False)
    return Timing(runs, low, middle, high, min(every), is_steady(rounds))


def is_steady(rounds: Sequence[Sequence[float]]) -> bool:
    """Whether the median of each round is within 5 % of the median of these. One round does not tell."""
    medians = [median(times) for times in rounds if times]
    if len(medians) < 2:
        return False
    middle = median(medians)
    return all(abs(each - middle) <= MAX_DRIFT * middle for each in medians)


def max_difference(values: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """The largest difference from the reference, as a part of the largest magnitude there.

    Infinite for values that are no numbers, and for another count of them.
    """
    if values.size != reference.size:
        return math.inf
    difference = float(np.abs(values.ravel().astype(np.float64) - reference.ravel()).max(initial=0))
    if math.isnan(difference):
        return math.inf
    scale = float(np.abs(reference).max(initial=0))
    return 0.0 if difference == 0 else difference / scale if scale else math.inf


def camel_case(name: str) -> str:
    """`p50_ms` as `p50Ms`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
