"""Names, sizes and durations for people: in sentences, on terminals, and in commands to copy.

A file system gives any byte string as a name. Python decodes bytes that are not UTF-8 to surrogates, which
no terminal, JSON reader or protobuf takes; and control characters in a name would steer the terminal.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path


def printable(text: str | Path) -> str:
    """The text with U+FFFD for each surrogate, control and other unprintable character."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text))


def quoted(path: str | Path) -> str:
    """The path as one word of a command that a person can copy into the shell of this system.

    A path that begins with a hyphen gets `./`, since commands take it for an option otherwise. Where a path
    has characters that cannot be shown, the word is in the form of bash and zsh with escapes.
    """
    text = str(path)
    if text.startswith("-"):
        text = f".{os.sep}{text}"
    if os.name == "nt":
        return subprocess.list2cmdline([printable(text)])
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_escape, text)) + "'"


def _escape(letter: str) -> str:
    if letter.isprintable() and letter not in "'\\":
        return letter
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(letter))


def readable_size(count: float) -> str:
    """Bytes as people read them, with two digits or more where there are any: `22 MB`, `1,400 kB`."""
    return f"{count / 1e6:,.0f} MB" if count >= 1e7 else f"{count / 1e3:,.0f} kB"


def readable_duration(seconds: float) -> str:
    """Such as `40 s`, `4 min` or `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
