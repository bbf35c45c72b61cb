"""style: a look that paints in the style of a painting, or one picture painted in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.art.style_options import PictureStyle, StyleLoss, StyleRecipe
from limner.cli.options import NO_DEFAULT_SHOWN, Credits, Flat, changed_options
from limner.errors import LimnerError
from limner.look.storage import Storage
from limner.recipe import check_pixels

DEFAULT_MINUTES = 8.0


@dataclass(frozen=True)
class StyleCommand:
    """Learn the style of a painting: the look then paints all that a camera sees in it (style transfer).

    A few minutes make a look of 0.3 MB. Several paintings make one look with a slider for each, which blend
    their styles. Run it again to resume. Ctrl-C ends training early and writes the look as trained so far.
    With --picture, one photo is painted instead: slower, and finer. With --any, nothing is learned: the
    look paints in the style of whatever painting is dropped on its page. Mind the rights of a painting.

    For example:

        limner style painting.jpg --content my-photos
        limner style monet.jpg klimt.jpg --content my-photos clip.mp4 --out both.onnx
        limner publish both.onnx --out page
        limner style painting.jpg --picture photo.jpg
        limner style painting.jpg --any
    """

    paintings: Annotated[
        Positional[tuple[Path, ...]],
        tyro.conf.arg(metavar="PAINTING...", help_behavior_hint="(required)"),
    ]
    """The pictures whose style is learned: a painting, a drawing, a photo of a texture."""
    content: Annotated[
        tuple[Path, ...], tyro.conf.arg(metavar="FOLDER|CLIP|PICTURE...", help_behavior_hint="")
    ] = ()
    """What the look learns to paint: pictures, clips and folders of these. Your own photos, of what your
    camera will see, are best. Default: pictures that limner draws."""
    picture: Annotated[Path | None, tyro.conf.arg(metavar="PHOTO", help_behavior_hint="")] = None
    """Paint this photo, and train no look."""
    any_style: Annotated[bool, tyro.conf.arg(name="any")] = False
    """Train nothing, and write a look for any style, which begins with that of this painting. It takes
    --out, --pixels, --force, --name and --credit. Its networks come with
    `pip install "limner[styles]"`."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The look's file; its training is kept beside it, in the folder NAME-style, and NAME-sheet.png shows
    what it paints. With --picture, the painting's file, by default next to the photo, with -styled in its
    name. Default: named after the painting."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, including the time of earlier sessions. Default: 8, or as long as --steps take."""
    steps: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Steps to train. With --picture, steps at the smallest size, of which each larger size takes half as
    many as the one before; default: 100."""
    pixels: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Side of the look's painting: 64, 128, 256 or 512; default: 256. With --picture, the painting's long
    side; default: 512."""
    loss: StyleLoss = StyleRecipe.loss
    """What of the painting is compared: how its features are distributed (sliced-wasserstein), or which of
    them appear together (gram, the method of 2015)."""
    strength: float = StyleRecipe.strength
    """How much of the style: below 1 more of the photo is left, above 1 more of the painting comes."""
    smooth: float = StyleRecipe.smooth
    """How much single pixels are calmed (total variation)."""
    stability: bool = StyleRecipe.stability
    """Of a look: let it learn not to flicker, be it from a camera's noise or from what moves."""
    keep_colours: bool = PictureStyle.keep_colours
    """With --picture: keep the photo's colours, and paint its light alone."""
    seed: int = 0
    """Random seed."""
    storage: Storage = "uint8"
    """How the look's weights are stored; uint8 takes a quarter of float32's bytes and looks the same."""
    force: bool = False
    """Replace a look that style did not make, or with --picture an existing file at --out."""
    credits: Flat[Credits] = field(default_factory=Credits)

    def run(self) -> None:
        from limner.cli.keyframe import KeyframeBudget
        from limner.cli.style import learn_style, style_picture, write_any_style

        if self.any_style:
            self._check_any_style()
            pixels = StyleRecipe.pixels if self.pixels is None else self.pixels
            write_any_style(self.paintings, self.out, pixels=pixels, credits=self.credits, force=self.force)
            return
        shared = {name: getattr(self, name) for name in ("loss", "strength", "smooth", "seed")}
        if self.picture is not None:
            self._check_picture_only()
            options = PictureStyle(
                pixels=PictureStyle.pixels if self.pixels is None else self.pixels,
                steps=PictureStyle.steps if self.steps is None else self.steps,
                keep_colours=self.keep_colours,
                **shared,
            )
            style_picture(self.paintings, self.picture, self.out, options, force=self.force)
            return
        if self.keep_colours:
            raise LimnerError("A look does not keep the photo's colours: leave out --keep-colours.")
        pixels = StyleRecipe.pixels if self.pixels is None else self.pixels
        check_pixels(pixels)
        recipe = StyleRecipe(
            pixels=pixels,
            crop=min(StyleRecipe.crop, pixels),
            stability=self.stability,
            **shared,
        )
        minutes = DEFAULT_MINUTES if self.minutes is None and self.steps is None else self.minutes
        learn_style(
            self.paintings,
            self.content,
            self.out,
            recipe,
            KeyframeBudget(minutes, self.steps),
            storage=self.storage,
            credits=self.credits,
            force=self.force,
        )

    def _check_any_style(self) -> None:
        """Raise LimnerError for options that --any does not take."""
        kept = {"paintings", "any_style", "out", "pixels", "force", "credits"}
        names = [name for name in vars(self) if name not in kept]
        given = [
            *changed_options(self, StyleCommand(()), *names),
            *changed_options(self.credits, Credits(), "author", "licence"),
        ]
        if given:
            raise LimnerError(
                f"--any trains nothing and tells its networks' licence: leave out {', '.join(given)}."
            )

    def _check_picture_only(self) -> None:
        """Raise LimnerError for options of a look beside --picture."""
        given = [
            *changed_options(self, StyleCommand(()), "content", "minutes", "stability", "storage"),
            *changed_options(self.credits, Credits()),
        ]
        if given:
            raise LimnerError(
                f"--picture paints one photo and trains no look: leave out {', '.join(given)}."
            )
