"""play: serve a page, or one look."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import Flat, ServeOptions


@dataclass(frozen=True)
class PlayCommand:
    """Serve a page, or a look, on this machine and open it in the browser.

    For example:

        limner play
        limner play page
    """

    source: Annotated[
        Positional[Path | None], tyro.conf.arg(metavar="[PAGE|LOOK]", help_behavior_hint="")
    ] = None
    """A folder written by `limner publish`, or a look's file. Default: the looks that ship with limner."""
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        from limner.cli import pipeline

        pipeline.play(self.source, self.serving)
