"""Progress of long-running work.

Work calls a `Progress` and knows nothing of terminals: `no_progress` is for tests and libraries,
`ProgressBar` for people. On a terminal `ProgressBar` shows a bar with an ETA. Elsewhere (a log,
continuous integration) it prints one line for each tenth done, because a redrawn bar would fill a log.
"""

from typing import Literal, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from limner.display import readable_size


class Progress(Protocol):
    """Called with the number of items done, their total, and the name of the work.

    `total` may be an estimate that changes between calls; `done` never decreases for one `what`.
    """

    def __call__(self, done: int, total: int, what: str) -> None: ...


def no_progress(done: int, total: int, what: str) -> None:
    """A `Progress` that shows nothing."""
    _ = done, total, what


class ProgressBar:
    """A `Progress` for people; a context manager that leaves the terminal tidy."""

    def __init__(
        self, console: Console | None = None, *, unit: Literal["items", "bytes"] = "items"
    ) -> None:
        """Bytes are shown as megabytes and the like."""
        self._unit = unit
        self._console = console or Console(stderr=True)
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}
        self._bars = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn() if unit == "bytes" else MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._console.is_terminal:
            self._draw(done, total, what)
        else:
            self._print(done, total, what)

    def _draw(self, done: int, total: int, what: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)

    def _print(self, done: int, total: int, what: str) -> None:
        tenth = 10 * done // max(total, 1)
        if tenth > self._tenths.get(what, 0):
            self._tenths[what] = tenth
            shown = map(readable_size, (done, total)) if self._unit == "bytes" else map(str, (done, total))
            self._console.print(f"{what}: {' of '.join(shown)}", highlight=False, markup=False)
