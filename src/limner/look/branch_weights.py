"""Weights of branches as people type them: `men`, or `men:0.7`. Imports no onnx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from limner.display import printable
from limner.errors import LimnerError
from limner.live import LiveInput

INPUT = "branch_"
"""What names of branches' live inputs begin with."""


def read_branch_weights(
    words: Sequence[str], live: Mapping[str, LiveInput], look: Path
) -> dict[str, float]:
    """The values of live inputs that the words name, by a branch's name or its live input.

    Raises LimnerError for a branch that the look has not, and a weight that is no number from 0 to 1.
    """
    names = {each.label: name for name, each in live.items() if name.startswith(INPUT)}
    inputs = {name: name for name in names.values()}
    weights = {}
    for word in words:
        name, colon, weight = word.rpartition(":")
        if word in names | inputs:
            name, weight = word, "1"
        elif not colon:
            name = word
        found = (inputs | names).get(name)
        if found is None:
            known = ", ".join(map(printable, names)) or "none"
            raise LimnerError(f"{printable(look)} has no branch {printable(name)}; it has {known}.")
        try:
            weights[found] = float(weight)
        except ValueError as error:
            raise LimnerError(
                f"{printable(weight)} is no weight of {printable(name)}: give a number from 0 to 1, as in "
                f"--branch {printable(name)}:0.5."
            ) from error
    return weights
