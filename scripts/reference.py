"""Write docs/reference.md from the command line's own help; with --check, say whether it is current."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = """# The commands

Made from the code by `make docs`: what stands here is what `limner COMMAND --help` prints.
"""


def help_of(arguments: list[str]) -> str:
    """What `limner ARGUMENTS --help` prints, 100 columns wide and without colour."""
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    from limner.cli.main import parse

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        parse([*arguments, "--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def reference() -> str:
    """The whole page."""
    from limner.cli.main import COMMANDS

    parts = [HEAD, f"```\n{help_of([])}\n```\n"]
    parts += [f"## limner {name}\n\n```\n{help_of([name])}\n```\n" for name in COMMANDS]
    return "\n".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text() != reference())
    PAGE.write_text(reference())
