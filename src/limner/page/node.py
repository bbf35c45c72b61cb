"""Run the page's own code in Node. People who only publish looks may have none: then the caller says so."""

from __future__ import annotations

import re
import shutil
import subprocess

from limner.display import printable
from limner.errors import first_line

MIN_NODE = 20
"""As in web/package.json."""

VERSION_SECONDS = 10
"""Node tells its version in some 0.05 s."""


class EngineUnavailable(Exception):
    """The engine could not be asked; the message is a sentence without its full stop."""


class EngineFailed(EngineUnavailable):
    """The engine ran, and failed with an error that is no refusal: it would fail in a browser too."""


def run_in_node(script: str, *arguments: str, data: bytes, seconds: float) -> bytes:
    """What an ES module writes to its standard output.

    It has `arguments` in `process.argv` from 1 on, and `data` at its standard input. Raises EngineFailed if
    the module fails, else EngineUnavailable if Node is missing or too old, or takes longer than `seconds`.
    """
    node = shutil.which("node")
    if node is None:
        raise EngineUnavailable("There is no Node")
    command = [node, "--input-type=module", "--eval", script, *arguments]
    try:
        return subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=True).stdout
    except subprocess.TimeoutExpired as error:
        raise EngineUnavailable(f"Node took longer than {seconds} s") from error
    except subprocess.CalledProcessError as error:
        raise node_failure(error.stderr.decode(errors="replace")) from error
    except OSError as error:
        raise node_failure(first_line(error)) from error


def node_failure(output: str) -> EngineUnavailable:
    """The failure with the line of Node's output that names an error, else with the first line.

    Where Node is new enough, it is the engine's own.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = (line for line in lines if re.match(r"(Uncaught )?\w*Error\b", line))
    reason = printable(next(errors, [*lines, "it says nothing"][0])[:200])
    version = _node_version()
    if version is not None and version >= MIN_NODE:
        return EngineFailed(f"The page's engine failed in Node {version} ({reason.rstrip('.')})")
    found = "" if version is None else f", and this is {version}"
    return EngineUnavailable(f"Node failed; version {MIN_NODE} or newer is needed{found} ({reason})")


def _node_version() -> int | None:
    """The major version of the Node on the PATH; None if it does not tell."""
    try:
        told = subprocess.run(
            [shutil.which("node") or "node", "--version"],
            capture_output=True,
            timeout=VERSION_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(rb"v(\d+)\.", told)
    return int(match[1]) if match else None
