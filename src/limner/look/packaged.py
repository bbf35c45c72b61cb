"""The looks that ship inside the package, so that a page paints before anything is trained."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "looks"

MAX_BYTES = 2_000_000
"""Most bytes of all packaged looks together: everybody downloads them who installs limner."""


def packaged_looks() -> list[Path]:
    """The files of the packaged looks, by name."""
    return sorted(FOLDER.glob("*.onnx"))
