"""doctor: check a data set before training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from limner.cli.options import NO_DEFAULT_SHOWN, Sources, require_sources
from limner.display import printable
from limner.errors import LimnerError
from limner.recipe import Recipe


@dataclass(frozen=True)
class DoctorCommand:
    """Check a data set before training on it for hours. Exits with 1 if there is a problem.

    For example:

        limner doctor my-photos --sheet overview.png
    """

    sources: Sources
    """Folders (searched recursively), pictures, videos."""
    pixels: int = 256
    """Side, in pixels, of the painting that will be trained."""
    inputs: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """For pairs: a folder of input pictures with the same names as the sources'."""
    frames: int = 400
    """Frames to take from each video, evenly spread."""
    sheet: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """File for a contact sheet of the pictures."""
    force: bool = False
    """Let the sheet replace a file that is no sheet; a picture that is checked is never replaced."""
    json: bool = False
    """Print JSON."""

    def run(self) -> None:
        import json

        from limner.data.checks.dataset import check_dataset, check_sheet, write_contact_sheet
        from limner.progress import ProgressBar, no_progress

        require_sources(self.sources)
        if self.sheet:
            check_sheet(self.sheet, self.sources, inputs=self.inputs, force=self.force)
        with ProgressBar() as bar:
            progress = no_progress if self.json else bar
            report = check_dataset(
                self.sources,
                pixels=Recipe(pixels=self.pixels).pixels,
                inputs=self.inputs,
                frames=self.frames,
                progress=progress,
            )
        if self.sheet:
            write_contact_sheet(report, self.sheet)
        if self.json:
            print(json.dumps(report.to_json(), indent=2))
        else:
            for sentence in report.sentences():
                print(printable(sentence))
        if report.has_problem:
            raise LimnerError("These pictures are not ready for training: see the problems above.")
