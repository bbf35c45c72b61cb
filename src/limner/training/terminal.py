"""The display of training in a terminal, redrawn a few times a second.

Elsewhere (a pipe, a log, continuous integration) it prints a plain line now and then: redrawing would fill
a log with control characters.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from limner.display import printable, readable_duration
from limner.training.log import EpochRecord
from limner.training.reporter import Status, describe_data_fraction, describe_losses

LINE_INTERVAL = 30.0
"""Seconds between plain lines."""


class TerminalReporter:
    """A `Reporter` for people; a context manager, so that the terminal is left tidy.

    Only the first of the processes that `torchrun` started draws, since they share a terminal.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._is_drawing = self._console.is_terminal and os.environ.get("RANK", "0") == "0"
        self._status: Status | None = None
        self._record: EpochRecord | None = None
        self._sheet: Path | None = None
        self._last_line_at = -LINE_INTERVAL
        self._live = Live(console=self._console, get_renderable=self._render, refresh_per_second=4)

    def __enter__(self) -> Self:
        if self._is_drawing:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_drawing:
            self._live.stop()

    def on_step(self, status: Status) -> None:
        """Show the status at the next redraw, or print it as a plain line where one is due."""
        self._status = status
        if not self._console.is_terminal and time.monotonic() - self._last_line_at > LINE_INTERVAL:
            self._last_line_at = time.monotonic()
            self._print(format_line(status, self._record))
            if warning := describe_data_fraction(status.data_fraction):
                self._print(warning)

    def on_epoch(self, record: EpochRecord) -> None:
        """Keep the record of the last epoch."""
        self._record = record

    def on_samples(self, sheet: Path) -> None:
        """Keep the path of the last sheet."""
        self._sheet = sheet

    def message(self, sentence: str) -> None:
        """Print the sentence, above the display where there is one."""
        self._print(printable(sentence))

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _render(self) -> RenderableType:
        if self._status is None:
            return Text("Getting ready.")
        return render(self._status, self._record, self._sheet)


def render(status: Status, record: EpochRecord | None, sheet: Path | None) -> RenderableType:
    """The state of a run as a small table."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    if status.seconds_left is not None:
        bar = ProgressBar(total=status.seconds + status.seconds_left, completed=status.seconds, width=40)
        table.add_row("", bar)
    table.add_row("epoch", format_epoch(status))
    table.add_row("time", f"{readable_duration(status.seconds)} so far{format_time_left(status)}")
    table.add_row("speed", f"{status.pictures_per_second:,.1f} pictures a second")
    table.add_row("networks", describe_losses(status))
    if status.losses:
        table.add_row("losses", format_losses(status))
    if record is not None and record.held_out_l1 is not None:
        table.add_row("held out", format_held_out(record))
    if sheet is not None:
        table.add_row("look at", Text(printable(sheet), overflow="fold"))
    warning = describe_data_fraction(status.data_fraction)
    return Group(table, Text(warning, style="yellow")) if warning else table


def format_line(status: Status, record: EpochRecord | None = None) -> str:
    """A status and the last epoch's held-out L1 as one plain line."""
    sentences = [
        f"{format_epoch(status)}; {readable_duration(status.seconds)} so far{format_time_left(status)}; "
        f"{status.pictures_per_second:,.1f} pictures a second. {describe_losses(status)}"
    ]
    if status.losses:
        sentences.append(f"Losses: {format_losses(status)}.")
    if record is not None and record.held_out_l1 is not None:
        sentences.append(f"Held out: {format_held_out(record)}.")
    return " ".join(sentences)


def format_held_out(record: EpochRecord) -> str:
    """The L1 on held-out pictures beside that on training pictures."""
    return f"difference {record.held_out_l1:.3f}, in training {record.g_l1:.3f}"


def format_epoch(status: Status) -> str:
    """Such as `epoch 3 of 200, step 12 of 286`."""
    # After the last step of an epoch, that epoch is shown until the next one begins.
    is_epoch_over = status.epoch_step == 0
    number = status.epoch if is_epoch_over else status.epoch + 1
    step = status.steps_per_epoch if is_epoch_over else status.epoch_step
    budget = f" of {status.epochs:,}" if status.epochs is not None else ""
    return f"epoch {number:,}{budget}, step {step:,} of {status.steps_per_epoch:,}"


def format_time_left(status: Status) -> str:
    """Such as `, 4 min left`; empty while unknown."""
    return "" if status.seconds_left is None else f", {readable_duration(status.seconds_left)} left"


def format_losses(status: Status) -> str:
    """The losses as numbers, those of the discriminator first."""
    d_real, d_fake, adversarial, l1 = (
        status.losses[name] for name in ("d_real", "d_fake", "g_adversarial", "g_l1")
    )
    return (
        f"discriminator {d_real:.2f} on photos, {d_fake:.2f} on paintings; generator {adversarial:.2f}, "
        f"difference {l1:.3f}"
    )
