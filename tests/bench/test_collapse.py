"""Discriminators that collapsed are reported; those that teach are not."""

from __future__ import annotations

import pytest

from limner.bench.collapse import describe_collapse
from limner.training.log import EpochRecord
from limner.training.state import LOSSES


def records(*losses: tuple[float, float]) -> list[EpochRecord]:
    return [
        EpochRecord(
            step=10 * epoch,
            epoch=epoch,
            **(dict.fromkeys(LOSSES, 0.3) | {"d_real": real, "d_fake": fake}),
            held_out_l1=None,
            pictures_per_second=1.0,
            seconds=1.0,
            time="",
        )
        for epoch, (real, fake) in enumerate(losses, start=1)
    ]


@pytest.mark.parametrize(
    "losses", [(), ((0.69, 0.69),), ((1.0, 1.0), (0.3, 0.2)), ((0.01, 0.02), (0.4, 0.4))]
)
def test_a_discriminator_that_teaches(losses: tuple[tuple[float, float], ...]) -> None:
    assert describe_collapse(records(*losses)) is None


def test_one_that_knows_every_painting() -> None:
    assert "won (loss 0.015)" in str(describe_collapse(records((0.6, 0.6), (0.01, 0.02))))


def test_one_that_is_surely_wrong() -> None:
    assert "rose to 6.0 in epoch 2" in str(describe_collapse(records((0.6, 0.6), (4.0, 8.0), (0.7, 0.7))))
