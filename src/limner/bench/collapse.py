"""Whether a run's discriminator collapsed, read from the run's log."""

from __future__ import annotations

from collections.abc import Sequence

from limner.training.log import EpochRecord

MIN_LOSS, MAX_LOSS = 0.05, 2.0
"""Mean losses of a discriminator that still teaches: below, it knows every painting; above, it is
surely wrong, and worse than a guess, whose hinge loss is 1."""


def describe_collapse(records: Sequence[EpochRecord]) -> str | None:
    """A sentence about a discriminator that collapsed; None for one that did not, or without an epoch."""
    if not records:
        return None
    means = [(record.d_real + record.d_fake) / 2 for record in records]
    if means[-1] < MIN_LOSS:
        return f"The discriminator won (loss {means[-1]:.3f}): the generator learns nothing from it."
    worst = max(range(len(means)), key=means.__getitem__)
    if means[worst] > MAX_LOSS:
        return f"The discriminator collapsed: its loss rose to {means[worst]:.1f} in epoch {worst + 1}."
    return None
