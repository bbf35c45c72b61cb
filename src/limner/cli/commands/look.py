"""look: the whole pipeline, from a folder of pictures to a page that paints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from limner.cli.options import (
    NO_DEFAULT_SHOWN,
    BudgetOptions,
    Credits,
    Flat,
    ServeOptions,
    Sources,
    StoreOptions,
    require_sources,
)
from limner.look.storage import Storage
from limner.recipe import Recipe


@dataclass(frozen=True)
class LookCommand:
    """Turn a folder of pictures, or a video, into a page that paints live: the whole pipeline.

    Run it again to resume. Ctrl-C ends training early and publishes the network as trained so far.

    For example:

        limner look my-photos
        limner look timelapse.mp4 --minutes 60 --name "Clouds over Leith"
        limner look my-photos --strokes
        limner look facades --side right --guide colour
    """

    sources: Sources
    """Folders (searched recursively), pictures, videos."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The project folder. Default: limner-NAME in the current folder."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 takes a quarter of float32's bytes and looks the same."""
    force: bool = False
    """Replace files of the project that limner did not write, and edited files of its page."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    importing: Flat[StoreOptions] = field(default_factory=StoreOptions)
    budget: Flat[BudgetOptions] = field(default_factory=BudgetOptions)
    credits: Flat[Credits] = field(default_factory=Credits)
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        from limner.cli.pipeline import run_pipeline
        from limner.cli.project import open_project

        project = open_project(self.out, require_sources(self.sources), self.credits)
        run_pipeline(
            project,
            self.sources,
            self.importing,
            self.recipe,
            budget=self.budget,
            storage=self.storage,
            serving=self.serving,
            force=self.force,
        )
