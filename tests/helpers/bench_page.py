"""The bench's page and the engine's package, built from the current code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from limner.bench.browser import PACKAGE

WEB = Path(__file__).parents[2] / "web"


def build_bench(folder: Path) -> Path:
    """Build both into `folder`, as `npm run bench:build` does."""
    npx, node = shutil.which("npx"), shutil.which("node")
    assert npx is not None
    assert node is not None
    for command in (
        [npx, "vite", "build", "--config", "vite.bench.config.ts", "--outDir", str(folder)],
        [node, "engine/package/build.mjs", str(folder / PACKAGE)],
    ):
        subprocess.run(command, cwd=WEB, check=True, capture_output=True)
    return folder
