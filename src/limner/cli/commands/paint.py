"""paint: paint pictures or a video with a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, LiveOptions
from limner.display import printable


@dataclass(frozen=True)
class PaintCommand:
    """Paint pictures or a video with a look, without a browser.

    For example:

        limner paint clouds.onnx photo.jpg --out painted.png
    """

    look: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK")]
    """The look's file."""
    source: Annotated[Positional[Path], tyro.conf.arg(metavar="PHOTO|CLIP|FOLDER")]
    """The picture, video or folder to paint."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The painting's file (or folder). Default: next to the source, with -painted in its name."""
    beside: bool = False
    """Show the network's input beside each painting."""
    whole: bool = False
    """Paint the whole picture, squeezed into a square and stretched back, not only its central square."""
    force: bool = False
    """Overwrite an existing file or folder at --out."""
    live: Flat[LiveOptions] = field(default_factory=LiveOptions)

    def run(self) -> None:
        from limner.look.look import open_look
        from limner.look.paint import paint_file
        from limner.progress import ProgressBar

        with ProgressBar() as progress:
            report = paint_file(
                open_look(self.look),
                self.source,
                self.out,
                live=self.live.given_values(),
                whole=self.whole,
                beside=self.beside,
                force=self.force,
                progress=progress,
            )
        for path, reason in report.skipped:
            print(printable(f"{path.name} {reason}."))
        more = ", ..." if len(report.paintings) > 5 else ""
        print(f"Painted: {', '.join(map(printable, report.paintings[:5]))}{more}")
