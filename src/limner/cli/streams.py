"""Standard output and error, made steady: text that they cannot take is lost, the work is not.

Any locale and code page, a full disk behind `> log.txt`, a reader such as `head` that closes the pipe, a
stream that the shell closed: none of these may end a training of hours.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class SteadyStream:
    """Writes to another stream, drops what that stream cannot take, and keeps the error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        """The first error of the stream."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text, or drop it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self.failure = self.failure or error
            return len(text)

    def flush(self) -> None:
        """Flush the stream if it can be flushed."""
        try:
            self._stream.flush()
        except OSError as error:
            self.failure = self.failure or error

    def finish(self) -> None:
        """Flush for the last time; bytes that still cannot be written go to the null device.

        Otherwise the interpreter would try to write them when it exits, and print a traceback.
        """
        self.flush()
        if self.failure is not None:
            # A stream in memory has no descriptor.
            with suppress(OSError), Path(os.devnull).open("wb") as null:
                os.dup2(null.fileno(), self._stream.fileno())


@contextmanager
def steady_streams() -> Iterator[None]:
    """Make `sys.stdout` and `sys.stderr` steady during the block.

    Exits with code 1 and a sentence if standard output was not written in full. A reader that closed the
    pipe is no error: it has read what it wanted.
    """
    exited: SystemExit | None = None
    with ExitStack() as stack:
        stdout, stderr = (
            SteadyStream(_replace_unencodable(stream or stack.enter_context(_null_stream())))
            for stream in (sys.stdout, sys.stderr)
        )
        stack.enter_context(redirect_stdout(cast(TextIO, stdout)))
        stack.enter_context(redirect_stderr(cast(TextIO, stderr)))
        try:
            yield
        except SystemExit as error:
            exited = error
        finally:
            stdout.finish()
            if stdout.failure is not None and not isinstance(stdout.failure, BrokenPipeError):
                reason = stdout.failure.strerror or stdout.failure
                print(f"limner: not all output could be written: {reason}.", file=sys.stderr)
                exited = SystemExit(1)
            stderr.finish()
    if exited is not None:
        raise exited


def _null_stream() -> TextIO:
    """In place of a stream that the shell closed (`>&-`), for which Python has None.

    It also takes the free descriptor: otherwise the next file that is opened would get it, and whatever a
    library in C prints would be written into that file.
    """
    return Path(os.devnull).open("w", encoding="utf-8")


def _replace_unencodable(stream: TextIO) -> TextIO:
    """The stream; characters that its encoding lacks become question marks instead of errors.

    Encodings that replace nothing (`idna`, `undefined`) give way to UTF-8.
    """
    if isinstance(stream, io.TextIOWrapper):
        encoding = stream.encoding
        try:
            "é".encode(encoding, "replace")
        except UnicodeError:
            encoding = "utf-8"
        stream.reconfigure(encoding=encoding, errors="replace")
    return stream
