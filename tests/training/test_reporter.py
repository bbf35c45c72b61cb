"""Losses and the share of preparing, described in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpers.status import STATUS
from limner.training.reporter import describe_data_fraction, describe_losses


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [(0.01, "tells every painting"), (0.2, "is ahead"), (0.7, "in balance"), (1.0, "guesses")],
)
def test_losses_are_described_in_plain_words(loss: float, sentence: str) -> None:
    losses = {"d_real": loss, "d_fake": loss, "g_adversarial": 1.0, "g_l1": 0.3}
    assert sentence in describe_losses(replace(STATUS, losses=losses))


def test_the_first_losses_are_not_described() -> None:
    assert (
        describe_losses(replace(STATUS, step=49))
        == describe_losses(replace(STATUS, losses={}))
        == "Warming up."
    )


def test_training_that_waits_for_its_pictures_is_warned_about() -> None:
    assert describe_data_fraction(0.3) == ""
    assert describe_data_fraction(0.31).startswith("31% of the time")
