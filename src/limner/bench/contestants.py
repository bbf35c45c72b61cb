"""The contestants of the quality benchmark on one set, and what was measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from limner.bench.painters import Painters
from limner.evaluation.report import Report
from limner.recipe import Recipe


@dataclass(frozen=True)
class Contestant:
    """One recipe or look on one set."""

    name: str
    recipe: Recipe | None
    """None for a look."""
    painters: list[Painters]
    """Those of each seed that has something to measure."""
    trainings: list[dict[str, Any]]
    """What is recorded of each seed's training."""


@dataclass(frozen=True)
class Measured:
    """A contestant with its figures, one report for each painter."""

    contestant: Contestant
    reports: list[Report]
