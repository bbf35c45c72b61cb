"""lab: serve the page on which small networks learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, ServeOptions


@dataclass(frozen=True)
class LabCommand:
    """Serve the lab on this machine and open it: networks that learn in the page, and how they do it.

    For example:

        limner lab
        limner lab --data datasets
    """

    data: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder with data sets to learn from. Default: the page uses what it draws."""
    serving: Flat[ServeOptions] = field(default_factory=ServeOptions)

    def run(self) -> None:
        from limner.page.lab import serve_lab

        serve_lab(self.data, port=self.serving.port, open_browser=self.serving.open)
