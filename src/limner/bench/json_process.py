"""A program that answers requests: each is one JSON value a line, and so is its answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from threading import Timer
from typing import Any

Json = dict[str, Any]


class Unavailable(Exception):
    """What is to be measured cannot run; the message is the reason, without a full stop."""


class JsonProcess:
    """A process that answers."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], timeout: float) -> None:
        """`variables` are added to the environment; `timeout` is in seconds, for one answer."""
        self._timeout = timeout
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | dict(variables),
            encoding="utf-8",
            errors="replace",
        )

    def ask(self, request: Json) -> Json:
        """The answer. Raises Unavailable with the reason where there is none."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = Timer(self._timeout, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            is_late = not timer.is_alive()
            timer.cancel()
        if not line:
            reason = f"no answer within {self._timeout:.0f} s" if is_late else self._last_words()
            raise Unavailable(f"its process ended ({reason})")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise Unavailable(f"its process did not answer in JSON ({line.strip()[:100]!r})") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"its process did not answer with an object ({line.strip()[:100]!r})")
        if "error" in answer:
            raise Unavailable(str(answer["error"]).rstrip("."))
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        errors = [line for line in lines if re.match(r"\w*Error\b", line)]
        return (errors or lines or ["it says nothing"])[-1][:200]
