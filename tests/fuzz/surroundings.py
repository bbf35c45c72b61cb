"""The streams and variables around a command: code pages, closed and full outputs, narrow terminals."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

ENCODINGS = ["utf-8", "utf-8", "ascii", "cp1252", "cp437", "latin-1", "utf-16"]

FAILURES = {"full": errno.ENOSPC, "broken pipe": errno.EPIPE, "bad descriptor": errno.EBADF}
"""Streams that take nothing, and their errors."""

variables = st.fixed_dictionaries(
    {},
    optional={
        "COLUMNS": st.sampled_from(["1", "5", "0", "-7", "x", "", "40", "100000"]),
        "LINES": st.sampled_from(["1", "0", "x"]),
        "TERM": st.sampled_from(["dumb", "", "unknown", "xterm-256color"]),
        "NO_COLOR": st.just("1"),
        "FORCE_COLOR": st.just("1"),
    },
)
outputs = st.one_of(*[st.sampled_from(ENCODINGS)] * 4, st.sampled_from(["none", *FAILURES]))


class _Refusing(io.RawIOBase):
    """A file that takes nothing: the disk is full, or nobody reads the pipe."""

    def __init__(self, number: int) -> None:
        self._number = number

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        raise OSError(self._number, os.strerror(self._number))


class _Kept(io.BytesIO):
    """Bytes that stay readable when the stream around them is closed or collected."""

    def close(self) -> None:
        self.flush()


@contextmanager
def streams(stdout: str, stderr: str) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Replace the standard streams; yields what reaches those that take bytes."""
    kept = sys.stdout, sys.stderr
    written = _Kept(), _Kept()
    sys.stdout, sys.stderr = _make_stream(stdout, written[0]), _make_stream(stderr, written[1])
    try:
        yield written
    finally:
        sys.stdout, sys.stderr = kept


def _make_stream(kind: str, into: io.BytesIO) -> Any:
    if kind == "none":
        return None
    if kind in FAILURES:
        buffer = io.BufferedWriter(_Refusing(FAILURES[kind]), 8192)
        return io.TextIOWrapper(buffer, "utf-8", write_through=True)
    return io.TextIOWrapper(into, kind, errors="strict", write_through=True)
