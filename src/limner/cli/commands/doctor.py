"""doctor: check a data set before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, ImportOptions, Sources, require_sources
from limner.display import printable
from limner.errors import LimnerError
from limner.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from limner.data.checks.subjects import Subjects
    from limner.progress import Progress


@dataclass(frozen=True)
class DoctorCommand:
    """Check a data set before training on it for hours. Exits with 1 if there is a problem.

    For example:

        limner doctor my-photos --sheet overview.png

        limner doctor my-photos --split subjects
    """

    sources: Sources
    """Folders (searched recursively), pictures, videos."""
    pixels: int = 256
    """Side, in pixels, of the painting that will be trained."""
    importing: Flat[ImportOptions] = field(default_factory=ImportOptions)
    sheet: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """File for a contact sheet of the pictures."""
    split: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder for lists of the pictures of each subject; `limner look PATH/subject-1.txt` trains on one."""
    force: bool = False
    """Let the sheet and the lists replace files of others; a picture that is checked is never replaced."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        import json

        from limner.data.checks.dataset import check_dataset, check_sheet, write_contact_sheet
        from limner.data.checks.split import check_lists
        from limner.data.report import plural
        from limner.progress import ProgressBar, no_progress

        require_sources(self.sources)
        if self.sheet:
            check_sheet(self.sheet, self.sources, inputs=self.importing.inputs, force=self.force)
        if self.split:
            check_lists(self.split, self.sources, force=self.force)
        with ProgressBar() as bar:
            progress = no_progress if self.json else bar
            report = check_dataset(
                self.sources,
                pixels=Recipe(pixels=self.pixels).pixels,
                inputs=self.importing.inputs,
                side=self.importing.side,
                frames=self.importing.frames,
                extract=_extract,
                progress=progress,
            )
            lists = self._split(report.subjects, progress) if self.split else []
        if self.sheet:
            write_contact_sheet(report, self.sheet)
        if self.json:
            listed = {"lists": [[printable(file), count] for file, count in lists]} if self.split else {}
            print(json.dumps(report.to_json() | listed, indent=2))
        else:
            for sentence in report.sentences():
                print(printable(sentence))
            for file, count in lists:
                print(printable(f"{file} lists {plural(count, 'file', 'files')}."))
            if self.split and not lists:
                print("No lists were written: the pictures have one subject, or are too few to tell.")
        if report.has_problem:
            raise LimnerError("These pictures are not ready for training: see the problems above.")

    def _split(self, subjects: Subjects | None, progress: Progress) -> list[tuple[Path, int]]:
        """Write the lists of several subjects; return them with their numbers of files."""
        from limner.data.checks.split import split_sources

        if self.split is None or subjects is None or len(subjects.centres) == 1:
            return []
        return split_sources(
            self.sources,
            subjects,
            self.split,
            _extract,
            pixels=self.pixels,
            inputs=self.importing.inputs,
            side=self.importing.side,
            progress=progress,
        )


def _extract(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Features of pictures, by a network that is loaded when it is first needed."""
    return _load_extractor()(squares)


@cache
def _load_extractor() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    import torch

    from limner.networks.features import load_extractor

    # On pictures this small, threads cost more by waiting for each other than they gain.
    torch.set_num_threads(1)
    return load_extractor()
