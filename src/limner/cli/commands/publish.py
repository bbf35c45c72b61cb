"""publish: write a page with looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from limner.cli.options import NO_DEFAULT_SHOWN, Flat, Looks, PictureOptions
from limner.display import printable, quoted

if TYPE_CHECKING:
    from limner.page.check import LookCheck


@dataclass(frozen=True)
class PublishCommand:
    """Make a page with one or more looks: a folder that any static host serves, under any path.

    For example:

        limner publish clouds.onnx flowers.onnx --out page
    """

    looks: Looks
    """Looks, in the order in which the page lists them."""
    out: Path
    """The page's folder."""
    force: bool = False
    """Replace files of the page that a person edited or added."""
    lab: bool = False
    """Add the lab, in which small networks learn, as the folder lab/ with a link in the page's help."""
    data: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Folder with data sets for the lab. Of these, the cars are laid beside it."""
    lab_pictures: bool = False
    """With --lab: lay pictures of MNIST and CIFAR-10 beside it, where --data has them, and SqueezeNet's
    weights: about 12 MB. Mind the data sets' licences, which the page tells."""
    pictures: Flat[PictureOptions] = field(default_factory=PictureOptions)

    def run(self) -> None:
        from limner.look.picture_format import read_options
        from limner.page.publish import publish

        publish(
            self.looks,
            self.out,
            force=self.force,
            options=read_options(**vars(self.pictures)),
            lab=self.lab,
            data=self.data,
            lab_pictures=self.lab_pictures,
            on_checked=_print_unless_refused,
        )
        print(
            f"{printable(self.out)} is ready: put it on any static host, or open it with `limner play "
            f"{quoted(self.out)}`."
        )


def _print_unless_refused(check: LookCheck) -> None:
    if check.painter != "refused":  # the error says why
        print(*check.sentences(), sep="\n")
