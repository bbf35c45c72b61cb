"""The repository's own code: the Python files of limner and the TypeScript files of web."""

from __future__ import annotations

import subprocess
from pathlib import Path

TESTS = ("web/tests/",)


def source_files(root: Path) -> list[str]:
    """Sorted paths of the code that git tracks or would track, without tests, relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    patterns = [":(glob)src/limner/**/*.py", ":(glob)web/*/**/*.ts"]
    listed = subprocess.run(
        [*command, *patterns], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return sorted(
        path
        for path in {*filter(None, listed.split("\0"))}
        if not path.startswith(TESTS) and not path.endswith(".test.ts") and (root / path).is_file()
    )
