"""The files of a benchmark's results: which of them limner wrote, and may write again.

`BENCHMARK.json` says which benchmark it is of. Tables and drawings beside it are of the same benchmark.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from limner.display import printable
from limner.errors import LimnerError
from limner.files import check_replaceable

Benchmark = Literal["training", "discriminator", "browser"]

FILES: dict[Benchmark, tuple[str, ...]] = {
    "training": ("training.json", "training.md"),
    "discriminator": ("discriminator.json", "discriminator.md", "discriminator.jpg"),
    "browser": ("browser.json", "browser.md", "browser-*.svg"),
}
"""What each benchmark writes, as patterns."""


def check_results(folder: Path, benchmark: Benchmark, *, force: bool = False) -> None:
    """Raise LimnerError where the results of `benchmark` would replace other files in `folder`."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{printable(folder)} is a file; give --out the name of a folder.")
    is_ours = is_result(folder / f"{benchmark}.json", benchmark)
    for pattern in FILES[benchmark]:
        for path in sorted(folder.glob(pattern)):
            check_replaceable(path, lambda _: is_ours, force=force)


def is_result(path: Path, benchmark: Benchmark) -> bool:
    """Whether `path` holds the results of `benchmark`."""
    try:
        results = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(results, dict) and results.get("benchmark") == benchmark
