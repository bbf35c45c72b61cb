"""A terminal shows a live display; a pipe gets a plain line now and then."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from helpers.names import LATIN1, SHOWN
from helpers.status import STATUS
from limner.training.log import EpochRecord
from limner.training.state import LOSSES
from limner.training.terminal import TerminalReporter, format_line

RECORD = EpochRecord(
    step=36,
    epoch=2,
    **(dict.fromkeys(LOSSES, 0.6) | {"g_l1": 0.3}),
    held_out_l1=0.345,
    pictures_per_second=12.0,
    seconds=50.0,
    time="2026-01-01T00:00:00+00:00",
)


def make_console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=120, color_system=None), out


def test_a_pipe_gets_a_plain_line_now_and_then() -> None:
    rich_console, out = make_console(terminal=False)
    with TerminalReporter(rich_console) as terminal:
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


def test_a_plain_line_shows_the_held_out_l1() -> None:
    rich_console, out = make_console(terminal=False)
    with TerminalReporter(rich_console) as terminal:
        terminal.on_epoch(RECORD)
        terminal.on_step(replace(STATUS, losses={}))
    assert out.getvalue().endswith("Warming up. Held out: difference 0.345, in training 0.300.\n")
    assert "Held out" not in format_line(STATUS, replace(RECORD, held_out_l1=None))


def test_odd_bytes_of_names_are_replaced() -> None:
    for is_terminal in (True, False):
        rich_console, out = make_console(terminal=is_terminal)
        with TerminalReporter(rich_console) as terminal:
            terminal.on_step(STATUS)
            terminal.on_samples(Path(LATIN1) / "sheet.jpg")
            terminal.message(f"The run is in {LATIN1}\x1b[2J.")
        assert f"The run is in {SHOWN}\ufffd[2J." in out.getvalue()
        assert (f"{SHOWN}/sheet.jpg" in out.getvalue()) is is_terminal
        assert LATIN1 not in out.getvalue()


@pytest.mark.parametrize(("rank", "is_drawn"), [("0", True), ("1", False)])
def test_only_the_first_process_draws(monkeypatch: pytest.MonkeyPatch, rank: str, is_drawn: bool) -> None:
    monkeypatch.setenv("RANK", rank)
    rich_console, out = make_console(terminal=True)
    with TerminalReporter(rich_console) as terminal:
        terminal.on_step(STATUS)
    assert ("epoch 3" in out.getvalue()) is is_drawn
    assert is_drawn or out.getvalue() == ""


def test_a_terminal_shows_everything() -> None:
    rich_console, out = make_console(terminal=True)
    with TerminalReporter(rich_console) as terminal:
        terminal.on_step(replace(STATUS, data_fraction=0.5))
        terminal.on_epoch(RECORD)
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


def test_the_display_before_the_first_step() -> None:
    rich_console, out = make_console(terminal=True)
    with TerminalReporter(rich_console):
        pass
    assert "Getting ready." in out.getvalue()


def test_after_its_last_step_an_epoch_is_still_shown() -> None:
    assert format_line(replace(STATUS, epoch_step=0, epochs=None)).startswith("epoch 2, step 18 of 18")
