"""keyframe: learn a style from frames that were painted over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.cli.options import NO_DEFAULT_SHOWN, Credits, Flat
from limner.keyframe_recipe import KeyframeRecipe
from limner.look.storage import Storage

DEFAULT_MINUTES = 5.0


@dataclass(frozen=True)
class KeyframeCommand:
    """Learn a style from one or a few frames that you painted over; the look then paints all others.

    Save a frame of your clip, or of your camera, as a picture. Paint over a copy of it, in any program:
    shapes must stay where they are. What is transparent in the painting is not learned from. A few minutes
    are enough. Run it again to resume. Ctrl-C ends training early and writes the look as trained so far.

    For example:

        limner keyframe frame.png painted.png --out mine.onnx
        limner keyframe a.png a-painted.png b.png b-painted.png --out mine.onnx --clip film.mp4
        limner publish mine.onnx --out page
    """

    pairs: Annotated[
        Positional[tuple[Path, ...]],
        tyro.conf.arg(metavar="FRAME PAINTED ...", help_behavior_hint="(required)"),
    ]
    """Pairs of pictures: a frame, and the same frame painted over. One to five pairs are best."""
    out: Path
    """The look's file. The training is kept beside it, in the folder NAME-keyframe."""
    clip: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """A video to paint afterwards, in full frames; the painting is written beside it."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, including the time of earlier sessions. Default: 5, or as long as --steps take."""
    steps: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Steps to train."""
    storage: Storage = "uint8"
    """How weights are stored; uint8 takes a quarter of float32's bytes and looks the same."""
    force: bool = False
    """Replace a look that keyframe did not make."""
    recipe: Flat[KeyframeRecipe] = field(default_factory=KeyframeRecipe)
    credits: Flat[Credits] = field(default_factory=Credits)

    def run(self) -> None:
        from limner.cli.keyframe import KeyframeBudget, paint_keyframes

        minutes = DEFAULT_MINUTES if self.minutes is None and self.steps is None else self.minutes
        paint_keyframes(
            self.pairs,
            self.out,
            self.recipe,
            KeyframeBudget(minutes, self.steps),
            storage=self.storage,
            credits=self.credits,
            clip=self.clip,
            force=self.force,
        )
