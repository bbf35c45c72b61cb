"""Ctrl-C as a wish: the step under way is finished, a checkpoint is written, and training ends.

A second Ctrl-C ends the program at once. SIGTERM, which `torchrun` and batch systems send, is the same
wish; it is never more than one, since `torchrun` sends it after the Ctrl-C that all processes saw. As it
asks for the program's end and not for that of the training alone, it is raised again afterwards.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """A context manager; `wished` turns true when somebody wishes training to end."""

    wished = False
    _terminated = False

    def __enter__(self) -> Self:
        self._before: dict[signal.Signals, Any] = {}
        # Python allows handlers in the main thread only; elsewhere somebody else handles signals.
        if threading.current_thread() is threading.main_thread():
            for kind in (signal.SIGINT, signal.SIGTERM):
                self._before[kind] = signal.signal(kind, self._wish)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._terminated and kind is None:
            signal.raise_signal(signal.SIGTERM)

    def _wish(self, number: int, frame: FrameType | None) -> None:
        _ = frame
        if self.wished and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.wished = True
        self._terminated = self._terminated or number == signal.SIGTERM
