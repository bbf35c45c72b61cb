"""The files of a benchmark's results: which of them limner wrote, and may write again.

`BENCHMARK.json` has limner's mark and says which benchmark it is of. Tables and drawings beside it are of
the same benchmark.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.reading import read_json
from limner.replacing import check_replaceable

Benchmark = Literal["training", "quality", "browser", "everywhere"]

FILES: dict[Benchmark, tuple[str, ...]] = {
    "training": ("training.json", "training.md"),
    "quality": ("quality.json", "quality.md", "quality-*.jpg"),
    "browser": ("browser.json", "browser.md", "browser-*.svg"),
    "everywhere": ("everywhere.json", "everywhere.md", "everywhere.svg"),
}
"""What each benchmark writes, as patterns."""

FORMAT = 1
"""Version of the format of a benchmark's JSON."""

FIELDS: dict[Benchmark, frozenset[str]] = {
    "training": frozenset({"versions", "machine", "threads", "settings"}),
    "browser": frozenset({"origin", "looks"}),
}
"""Fields of the JSON of benchmarks whose first results have no mark: these must tell."""


def write_results(results: dict[str, Any], folder: Path, benchmark: Benchmark) -> Path:
    """Write `BENCHMARK.json` with limner's mark; returns its path."""
    path = folder / f"{benchmark}.json"
    atomic_write(path, json.dumps({"limner.benchmark": FORMAT} | results, indent=1) + "\n")
    return path


def check_results(folder: Path, benchmark: Benchmark, *, force: bool = False) -> None:
    """Raise LimnerError where the results of `benchmark` would replace other files in `folder`."""
    if folder.exists() and not folder.is_dir():
        raise LimnerError(f"{printable(folder)} is a file; give --out the name of a folder.")
    is_ours = is_result(folder / f"{benchmark}.json", benchmark)
    for pattern in FILES[benchmark]:
        for path in sorted(folder.glob(pattern)):
            check_replaceable(path, lambda _: is_ours, force=force)


def is_result(path: Path, benchmark: Benchmark) -> bool:
    """Whether `path` holds the results of `benchmark` that limner wrote."""
    try:
        results = read_json(path)
    except (OSError, ValueError):
        return False
    if not isinstance(results, dict) or results.get("benchmark") != benchmark:
        return False
    fields = FIELDS.get(benchmark)
    return "limner.benchmark" in results or (fields is not None and results.keys() >= fields)
