"""paint: paint pictures or a video with a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, LiveOptions, PictureOptions
from limner.display import printable
from limner.errors import LimnerError


@dataclass(frozen=True)
class PaintCommand:
    """Paint pictures or a video with a look, without a browser.

    For example:

        limner paint clouds.onnx photo.jpg --out painted.png
        limner paint faces.onnx photo.jpg --branch men:0.7 children:0.3
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
    """Paint the whole picture, squeezed into the look's shape and stretched back, not only its middle."""
    branch: Annotated[tuple[str, ...], NO_DEFAULT_SHOWN, tyro.conf.arg(metavar="NAME|NAME:WEIGHT")] = ()
    """Branches of the look to paint with (`limner branch`), and their weights, from 0 to 1. Default: 1."""
    force: bool = False
    """Overwrite an existing file or folder at --out."""
    live: Flat[LiveOptions] = field(default_factory=LiveOptions)
    pictures: Flat[PictureOptions] = field(default_factory=PictureOptions)

    def run(self) -> None:
        from limner.data.report import damaged_sentence, describe_skipped
        from limner.look.adaptation import open_network
        from limner.look.branch_weights import read_branch_weights
        from limner.look.paint import paint_file
        from limner.look.picture_format import read_options
        from limner.look.trial import try_look
        from limner.progress import ProgressBar

        adapted = open_network(self.look, read_options(**vars(self.pictures)))
        look = adapted.look
        if look.guide and self.pictures != PictureOptions():
            raise LimnerError(
                f"{self.look} is limner's own, and its pictures are known: leave out --range, --layout, "
                "--channels and --pixels."
            )
        for sentence in adapted.sentences():
            print(sentence)
        if not look.guide and (warning := try_look(look).range_warning()):
            print(warning)
        with ProgressBar() as progress:
            report = paint_file(
                look,
                self.source,
                self.out,
                live=self.live.given_values() | read_branch_weights(self.branch, look.live, self.look),
                whole=self.whole,
                beside=self.beside,
                force=self.force,
                progress=progress,
            )
        for sentence in describe_skipped([(path.name, reason) for path, reason in report.skipped]):
            print(sentence)
        if report.damaged:
            print(damaged_sentence([(path.name, left_out) for path, left_out in report.damaged]))
        more = ", ..." if len(report.paintings) > 5 else ""
        print(f"Painted: {', '.join(map(printable, report.paintings[:5]))}{more}")
