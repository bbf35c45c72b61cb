"""The repository's own code: limner's Python files, and the TypeScript files in web's folders."""

from __future__ import annotations

import subprocess
from pathlib import Path

OTHERS = ("web/tests/",)


def source_files(root: Path) -> list[str]:
    """The paths of the code that git tracks, or would track, relative to the root and sorted; tests not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    patterns = [":(glob)src/limner/**/*.py", ":(glob)web/*/**/*.ts"]
    listed = subprocess.run(
        [*command, *patterns], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    return sorted(
        path
        for path in {*filter(None, listed.split("\0"))}
        if not path.startswith(OTHERS) and not path.endswith(".test.ts") and (root / path).is_file()
    )
