"""dream: a picture, a clip or a live look that shows what a network sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional

from limner.art.dream_options import DreamOptions, FilmOptions
from limner.cli.options import NO_DEFAULT_SHOWN, Flat, changed_options
from limner.errors import LimnerError
from limner.look.storage import Storage
from limner.networks.feature_layers import Layer


@dataclass(frozen=True)
class DreamCommand:
    """Let a network dream: it changes a picture until it sees more of what it sees (DeepDream, 2015).

    A picture becomes a picture, or with --seconds a film that flies into it; a clip becomes a clip. With
    --look, the dream becomes a look, and the page dreams live from the camera. The network is SqueezeNet,
    which knows a thousand kinds of things and comes with limner, or one that `limner classify` taught on
    your own pictures.

    For example:

        limner dream photo.jpg --layer fire9
        limner dream photo.jpg --guide sunflowers.jpg
        limner dream photo.jpg --seconds 10 --zoom 1.02
        limner dream clip.mp4 --pixels 320
        limner dream --look birds.onnx --layer fire9
        limner dream photo.jpg --network flowers.onnx --class roses
    """

    source: Annotated[
        Positional[Path | None], tyro.conf.arg(metavar="PICTURE|CLIP|FOLDER", help_behavior_hint="")
    ] = None
    """The picture, video or folder of pictures to dream of."""
    out: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """The dream's file (or folder). Default: next to the source, with -dream in its name."""
    layer: Layer = "fire9"
    """The layer whose activations rise: early ones dream strokes and textures, late ones eyes and
    animals."""
    channels: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """Channels of the layer, by number, such as 3,17. Default: all."""
    guide: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """A picture whose features the dream takes up."""
    network: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """A network of `limner classify`, which dreams in place of ImageNet's."""
    class_name: Annotated[str, tyro.conf.arg(name="class", help_behavior_hint="")] = ""
    """A class of that network's, of which the dream is, in place of a layer."""
    seconds: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Make a film of so many seconds that begins with the picture."""
    look: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """Write a look to this file, and dream of no picture. It takes --layer, --network, --class,
    --look-pixels, --storage, --flash-limit and --force. Strength, zoom, rotation, camera and channel are
    sliders of its page."""
    look_pixels: int = 256
    """With --look: side of its picture, 64, 128, 256 or 512."""
    storage: Storage = "float16"
    """With --look: how weights are stored."""
    force: bool = False
    """Overwrite an existing file or folder at --out, or a file at --look that limner did not write."""
    dream: Flat[DreamOptions] = field(default_factory=DreamOptions)
    film: Flat[FilmOptions] = field(default_factory=FilmOptions)

    def run(self) -> None:
        from limner.cli.dream import DreamTarget, dream_file, dream_look

        self._check_class()
        if self.look is not None:
            self._check_look_only()
            dream_look(
                self.look,
                DreamTarget(self.layer, network=self.network, class_name=self.class_name),
                pixels=self.look_pixels,
                storage=self.storage,
                flash_limit=self.film.flash_limit,
                force=self.force,
            )
            return
        if self.source is None:
            raise LimnerError("Name a picture or a clip: `limner dream photo.jpg`; or a look: --look NAME.")
        if self.guide is not None and self.channels:
            raise LimnerError("A guide decides by itself which channels rise: leave out --channels.")
        self._check_no_look()
        dream_file(
            self.source,
            self.out,
            self.dream,
            self.film,
            target=DreamTarget(
                self.layer, parse_channels(self.channels), self.guide, self.network, self.class_name
            ),
            seconds=self.seconds,
            force=self.force,
        )

    def _check_class(self) -> None:
        """Raise LimnerError for a class without a network that has some, or beside other targets."""
        if not self.class_name:
            return
        if self.network is None:
            raise LimnerError(
                "Classes are those of a network of your own: teach one with `limner classify`, and give its"
                " file as --network."
            )
        if given := changed_options(self, DreamCommand(), "layer", "channels", "guide"):
            raise LimnerError(f"--class says what the dream is of: leave out {', '.join(given)}.")

    def _check_look_only(self) -> None:
        """Raise LimnerError for options of a picture's dream beside --look."""
        given = [
            *(["the picture"] if self.source is not None else []),
            *changed_options(self, DreamCommand(), "out", "channels", "guide", "seconds"),
            *changed_options(self.dream, DreamOptions()),
            *changed_options(self.film, FilmOptions(), "zoom", "rotation", "camera", "frame_steps"),
        ]
        if given:
            raise LimnerError(
                f"--look writes a look and dreams of no picture: leave out {', '.join(given)}."
            )

    def _check_no_look(self) -> None:
        """Raise LimnerError for options of a look beside a picture."""
        if given := changed_options(self, DreamCommand(), "look_pixels", "storage"):
            raise LimnerError(f"Without --look no look is written: leave out {', '.join(given)}.")


def parse_channels(text: str) -> tuple[int, ...]:
    """Numbers with commas between; empty for none. Raises LimnerError for anything else."""
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if not all(word.isascii() and word.isdigit() for word in words):
        raise LimnerError(f"channels is {text!r}; give numbers with commas between, such as 3,17.")
    return tuple(map(int, words))
