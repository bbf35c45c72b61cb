"""pictures: decode pictures and videos into a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from limner.cli.options import Flat, Sources, StoreOptions, require_sources


@dataclass(frozen=True)
class PicturesCommand:
    """Decode pictures and videos once, into the store that training reads.

    For example:

        limner pictures my-photos clip.mp4 --out store
    """

    sources: Sources
    """Folders (searched recursively), pictures, videos."""
    out: Path
    """The store's folder."""
    pixels: int = 256
    """Side, in pixels, of the painting that will be trained: 64, 128, 256 or 512."""
    importing: Flat[StoreOptions] = field(default_factory=StoreOptions)

    def run(self) -> None:
        from limner.cli import pipeline

        pipeline.prepare_store(require_sources(self.sources), self.out, self.pixels, self.importing)
