"""Progress on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from limner.progress import ProgressBar, no_progress


def test_a_log_gets_a_line_for_each_tenth() -> None:
    log = io.StringIO()
    with ProgressBar(Console(file=log, width=80)) as bar:
        for done in range(201):
            bar(done, 200, "Decoding")
    lines = log.getvalue().splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == ("Decoding: 20 of 200", "Decoding: 200 of 200")


def test_a_terminal_gets_a_bar_for_each_task() -> None:
    screen = io.StringIO()
    with ProgressBar(Console(file=screen, width=100, force_terminal=True)) as bar:
        bar(0, 4, "Decoding")
        bar(4, 4, "Decoding")
        bar(1, 2, "Drawing")
    output = screen.getvalue()
    assert "Decoding" in output and "4/4" in output
    assert "Drawing" in output and "1/2" in output


@pytest.mark.parametrize(
    ("is_terminal", "shown"), [(True, "4.0/9.6 MB"), (False, "digits.gz: 4,000 kB of 9,630 kB")]
)
def test_bytes_are_shown_as_people_read_them(is_terminal: bool, shown: str) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=100, force_terminal=is_terminal)
    with ProgressBar(console, unit="bytes") as bar:
        bar(4_000_000, 9_630_000, "digits.gz")
    assert shown in screen.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_names_are_not_markup(is_terminal: bool) -> None:
    screen = io.StringIO()
    with ProgressBar(Console(file=screen, width=100, force_terminal=is_terminal)) as bar:
        bar(1, 2, "seconds of [red]sea[/]")
    assert "seconds of [red]sea[/]" in screen.getvalue()


def test_no_progress_accepts_a_call() -> None:
    no_progress(1, 2, "nothing")
