"""demo: the whole pipeline on pictures that limner draws itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, ServeOptions
from limner.data.synthetic.subjects import Subject


@dataclass(frozen=True)
class DemoCommand:
    """Show the whole pipeline without any pictures: draw some, train under three minutes, serve the page.

    The page opens at once with the looks that ship with limner; the trained one joins them when it is done.

    For example:

        limner demo sea
    """

    subject: Positional[Subject] = "garden"
    """The subject to draw."""
    pixels: int = 128
    """Side of the painting in pixels; 128 trains fast enough on two CPU cores."""
    minutes: float = 2.5
    """Minutes to train."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The project folder. Default: limner-demo-SUBJECT."""
    force: bool = False
    """Replace files of the project that limner did not write, and edited files of its page."""
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        from limner.cli import pipeline

        pipeline.demo(
            self.subject,
            pixels=self.pixels,
            minutes=self.minutes,
            out=self.out,
            serving=self.serving,
            force=self.force,
        )
