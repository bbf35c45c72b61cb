"""Ctrl-C as a request to stop: training finishes the current step, writes a checkpoint and ends.

A second Ctrl-C ends the program at once. SIGTERM, which `torchrun` and batch systems send, is the same
request. It never ends the program at once, since `torchrun` sends it after the Ctrl-C that all processes
received. SIGTERM asks the program to end, not only the training, so `Terminated` is raised afterwards: it
unwinds like any exception, so that terminals are left tidy, and ends the program with exit code 143.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import Any, Self

STOP_MESSAGES = {
    signal.SIGINT: "Stopping after this step and saving; Ctrl-C again ends without saving.",
    signal.SIGTERM: "Received SIGTERM: stopping after this step and saving.",
}
"""Sentences that are reported at once, since saving may take a while."""


class Terminated(SystemExit):
    """The program received SIGTERM and has saved its work."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class StopSignal:
    """A context manager; `requested` becomes true on a request to stop.

    `message` receives a sentence at once, in a separate thread: a signal may arrive in the middle of a
    print, where printing is not allowed. Raises `Terminated` on exit where SIGTERM arrived.
    """

    requested = False
    _terminated = False

    def __init__(self, message: Callable[[str], None] = lambda _: None) -> None:
        self._message = message
        # SimpleQueue is the only queue that a signal handler may put into.
        self._sentences: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._send_messages, name="limner-interruption", daemon=True)

    def __enter__(self) -> Self:
        self._previous_handlers: dict[signal.Signals, Any] = {}
        self._thread.start()
        # Python allows signal handlers in the main thread only; other threads leave signals to the caller.
        if threading.current_thread() is threading.main_thread():
            for number in STOP_MESSAGES:
                self._previous_handlers[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        self._sentences.put(None)
        self._thread.join(timeout=1)
        if self._terminated and kind is None:
            raise Terminated

    def _handle(self, number: int, frame: FrameType | None) -> None:
        _ = frame
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.requested:
            self._sentences.put(STOP_MESSAGES[signal.Signals(number)])
        self.requested = True
        self._terminated = self._terminated or number == signal.SIGTERM

    def _send_messages(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            self._message(sentence)
