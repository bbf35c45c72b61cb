"""look: the whole pipeline, from a folder of pictures to a page that paints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from limner.display import printable
from limner.errors import LimnerError
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
        limner look --groups people
    """

    sources: Sources
    """Folders (searched recursively), pictures, videos."""
    groups: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """In place of sources: a folder of folders, such as men, women and children. The look learns the one
    with the most pictures; the others become branches of it (`limner branch`), with sliders of their names.
    The folder of --inputs then has folders of the same names."""
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
        from limner.cli.groups import Group, find_groups
        from limner.cli.pipeline import run_pipeline
        from limner.cli.project import open_project

        sources, importing = self.sources, self.importing
        branches: tuple[Group, ...] = ()
        if self.groups is not None:
            if sources or importing.side or importing.strokes:
                raise LimnerError("With --groups, leave out other sources, --side and --strokes.")
            base, branches = find_groups(self.groups, importing.inputs)
            print(f"The look learns {printable(base.name)}, {base.pictures} pictures.")
            sources, importing = (base.folder,), replace(importing, inputs=base.inputs)
        named = require_sources(sources if self.groups is None else (self.groups,))
        run_pipeline(
            open_project(self.out, named, self.credits),
            sources,
            importing,
            self.recipe,
            budget=self.budget,
            storage=self.storage,
            serving=self.serving,
            groups=branches,
            named=named,
            force=self.force,
        )
