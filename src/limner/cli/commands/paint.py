"""paint: send pictures or a clip through a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, LiveOptions


@dataclass(frozen=True)
class PaintCommand:
    """Send pictures or a clip through a look, without a browser.

    For example:

        limner paint clouds.onnx photo.jpg --out painted.png
    """

    look: Annotated[Positional[Path], tyro.conf.arg(metavar="LOOK")]
    """The look's file."""
    source: Annotated[Positional[Path], tyro.conf.arg(metavar="PHOTO|CLIP|FOLDER")]
    """What to paint."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The painting's file (or folder). Default: beside the source, with -painted in its name."""
    beside: bool = False
    """Show what the network saw beside each painting."""
    whole: bool = False
    """Keep the whole picture, squeezed into the look's square and stretched back, not its middle."""
    force: bool = False
    """Replace what exists at --out."""
    turned: Flat[LiveOptions] = field(default_factory=LiveOptions)

    def run(self) -> None:
        from limner.look.look import open_look
        from limner.look.paint import paint_file
        from limner.progress import ProgressBar

        with ProgressBar() as progress:
            report = paint_file(
                open_look(self.look),
                self.source,
                self.out,
                live=self.turned.values(),
                whole=self.whole,
                beside=self.beside,
                force=self.force,
                progress=progress,
            )
        for path, reason in report.skipped:
            print(f"{path.name} {reason}.")
        more = ", ..." if len(report.paintings) > 5 else ""
        print(f"Painted: {', '.join(map(str, report.paintings[:5]))}{more}")
