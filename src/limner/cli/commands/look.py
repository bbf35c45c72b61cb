"""look: everything in one go, from a folder of pictures to a page that paints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from limner.cli.options import (
    NO_DEFAULT_SHOWN,
    BudgetOptions,
    Credits,
    Flat,
    ImportOptions,
    ServeOptions,
    Sources,
    require_sources,
)
from limner.look.storage import Storage
from limner.recipe import Recipe


@dataclass(frozen=True)
class LookCommand:
    """Make a page that paints live from a folder of pictures, or a video: everything in one go.

    Run it again and it goes on where it stopped. Ctrl-C ends the training early and publishes what was
    learned so far. For example:

        limner look my-photos
        limner look timelapse.mp4 --minutes 60 --name "Clouds over Leith"
        limner look facades --side right --guide colour
    """

    sources: Sources
    """Folders (searched through and through), pictures, videos."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Where everything goes. Default: limner-NAME, beside where you are."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 is a quarter of float32 and looks the same."""
    recipe: Flat[Recipe] = field(default_factory=Recipe)
    taking: Flat[ImportOptions] = field(default_factory=ImportOptions)
    stop: Flat[BudgetOptions] = field(default_factory=BudgetOptions)
    credits: Flat[Credits] = field(default_factory=Credits)
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        from limner.cli.pipeline import run_pipeline
        from limner.cli.project import open_project

        project = open_project(self.out, require_sources(self.sources), self.credits)
        run_pipeline(
            project,
            self.sources,
            self.taking,
            self.recipe,
            stop=self.stop,
            storage=self.storage,
            serving=self.serving,
        )
