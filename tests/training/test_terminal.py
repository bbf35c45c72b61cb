"""A terminal is drawn on; a pipe gets a plain line now and then."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from limner.training.log import EpochRecord
from limner.training.reporter import Status, describe_data_fraction, describe_losses
from limner.training.terminal import TerminalReporter, format_duration, format_line

STATUS = Status(
    step=400,
    epoch=2,
    epoch_step=4,
    steps_per_epoch=18,
    epochs=200,
    losses={"d_real": 0.6, "d_fake": 0.7, "g_adversarial": 0.9, "g_l1": 0.321},
    pictures_per_second=12.34,
    seconds=59,
    seconds_left=7500,
    data_fraction=0.02,
)
ENTRY = EpochRecord(36, 2, 0.6, 0.7, 0.9, 0.3, 0.345, 12.0, 50.0, "2026-01-01T00:00:00+00:00")


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=120, color_system=None), out


def test_a_pipe_gets_a_line_now_and_then() -> None:
    shown, out = console(terminal=False)
    with TerminalReporter(shown) as terminal:
        for step in range(40):
            terminal.on_step(replace(STATUS, step=400 + step))
        terminal.on_samples(Path("run/samples/step-00000040.jpg"))
        terminal.message("Stopped at step 40.")
    lines = out.getvalue().splitlines()
    assert lines == [format_line(STATUS), "Stopped at step 40."]
    assert lines[0] == (
        "epoch 3 of 200, step 4 of 18; 59 s so far, 2 h 05 min left; 12.3 pictures a second. "
        "The two networks are in balance. "
        "Losses: discriminator 0.60 on photos, 0.70 on paintings; generator 0.90, difference 0.321."
    )


def test_a_pipe_is_told_of_held_out_pictures() -> None:
    shown, out = console(terminal=False)
    with TerminalReporter(shown) as terminal:
        terminal.on_epoch(ENTRY)
        terminal.on_step(replace(STATUS, losses={}))
    assert out.getvalue().endswith("Warming up. Held out: difference 0.345, in training 0.300.\n")
    assert "Held out" not in format_line(STATUS, replace(ENTRY, held_out_l1=None))


@pytest.mark.parametrize(("rank", "drawn"), [("0", True), ("1", False)])
def test_one_of_several_processes_draws(monkeypatch: pytest.MonkeyPatch, rank: str, drawn: bool) -> None:
    monkeypatch.setenv("RANK", rank)
    shown, out = console(terminal=True)
    with TerminalReporter(shown) as terminal:
        terminal.on_step(STATUS)
    assert ("epoch 3" in out.getvalue()) is drawn
    assert drawn or out.getvalue() == ""


def test_a_terminal_shows_everything() -> None:
    shown, out = console(terminal=True)
    with TerminalReporter(shown) as terminal:
        terminal.on_step(replace(STATUS, data_fraction=0.5))
        terminal.on_epoch(ENTRY)
        terminal.on_samples(Path("run/samples/step-00000040.jpg"))
    for expected in (
        "epoch 3 of 200, step 4 of 18",
        "59 s so far, 2 h 05 min left",
        "12.3 pictures a second",
        "in balance",
        "difference 0.345, in training 0.300",
        "run/samples/step-00000040.jpg",
        "50% of the time goes into preparing pictures",
    ):
        assert expected in out.getvalue()


def test_nothing_is_known_at_first() -> None:
    shown, out = console(terminal=True)
    with TerminalReporter(shown):
        pass
    assert "Getting ready." in out.getvalue()


def test_the_last_step_of_an_epoch_belongs_to_it() -> None:
    assert format_line(replace(STATUS, epoch_step=0, epochs=None)).startswith("epoch 2, step 18 of 18")


@pytest.mark.parametrize(
    ("judged", "said"),
    [(0.01, "tells every painting"), (0.2, "is ahead"), (0.5, "in balance"), (math.log(2), "guesses")],
)
def test_losses_in_plain_words(judged: float, said: str) -> None:
    losses = {"d_real": judged, "d_fake": judged, "g_adversarial": 1.0, "g_l1": 0.3}
    assert said in describe_losses(replace(STATUS, losses=losses))


def test_first_losses_say_nothing() -> None:
    assert (
        describe_losses(replace(STATUS, step=49))
        == describe_losses(replace(STATUS, losses={}))
        == "Warming up."
    )


def test_data_bound_from_a_third_on() -> None:
    assert describe_data_fraction(0.3) == ""
    assert describe_data_fraction(0.31).startswith("31% of the time")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert format_duration(seconds) == said
