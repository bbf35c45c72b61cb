"""Run the page's own code in Node. People who only publish looks may have none: then the caller says so."""

from __future__ import annotations

import shutil
import subprocess

from limner.display import printable
from limner.errors import first_line

MIN_NODE = 20
"""As in web/package.json."""


class EngineUnavailable(Exception):
    """The engine could not be asked; the message is a sentence without its full stop."""


def run_in_node(script: str, *arguments: str, data: bytes, seconds: float) -> bytes:
    """What an ES module writes to its standard output.

    It has `arguments` in `process.argv` from 1 on, and `data` at its standard input. Raises
    EngineUnavailable if Node is missing, fails, or takes longer than `seconds`.
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
    """The failure with the line of Node's output that names an error, else with the first line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reason = next((line for line in lines if "Error" in line), [*lines, "it says nothing"][0])
    return EngineUnavailable(
        f"Node failed; version {MIN_NODE} or newer is needed ({printable(reason[:100])})"
    )
