"""Ctrl-C as a wish: the step under way is finished, a checkpoint is written, and training ends.

A second Ctrl-C ends the program at once. SIGTERM, which `torchrun` and batch systems send, is the same
wish; it is never more than one, since `torchrun` sends it after the Ctrl-C that all processes saw. As it
asks for the program's end and not for that of the training alone, `Terminated` is raised afterwards: it
unwinds as any exception does, so that terminals are left tidy, and ends the program with 143.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import Any, Self

STOPPING = {
    signal.SIGINT: "Stopping after this step and saving; Ctrl-C again ends without saving.",
    signal.SIGTERM: "Told to end: stopping after this step and saving.",
}
"""What is said at once, since saving may take a while."""


class Terminated(SystemExit):
    """The program was told to end (SIGTERM), and what it had begun is saved."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class StopSignal:
    """A context manager; `requested` turns true when somebody wishes training to end.

    `tell` is given a sentence at once, in a thread of its own: a signal may come in the middle of a print,
    where printing is not allowed. Raises `Terminated` at the end where SIGTERM came.
    """

    requested = False
    _terminated = False

    def __init__(self, tell: Callable[[str], None] = lambda _: None) -> None:
        self._tell = tell
        # The one queue that a signal handler may put into.
        self._sentences: SimpleQueue[str | None] = SimpleQueue()
        self._teller = threading.Thread(target=self._tell_all, name="limner-interruption", daemon=True)

    def __enter__(self) -> Self:
        self._before: dict[signal.Signals, Any] = {}
        self._teller.start()
        # Python allows handlers in the main thread only; elsewhere somebody else handles signals.
        if threading.current_thread() is threading.main_thread():
            for kind in STOPPING:
                self._before[kind] = signal.signal(kind, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._sentences.put(None)
        self._teller.join(timeout=1)
        if self._terminated and kind is None:
            raise Terminated

    def _handle(self, number: int, frame: FrameType | None) -> None:
        _ = frame
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.requested:
            self._sentences.put(STOPPING[signal.Signals(number)])
        self.requested = True
        self._terminated = self._terminated or number == signal.SIGTERM

    def _tell_all(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            self._tell(sentence)
