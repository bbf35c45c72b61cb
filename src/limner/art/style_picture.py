"""Paint a picture file in the style of a painting, by optimisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from limner.art.dreamer import dream_size
from limner.art.gatys import Gatys
from limner.art.paintings import Painting
from limner.art.style_options import MIN_CROP, PictureStyle
from limner.data.arrays import center_crop, to_image
from limner.data.decode import is_clip
from limner.data.images import UnreadableFile
from limner.data.sources import find_source
from limner.errors import LimnerError
from limner.look.paint import Wording, paint_file_with
from limner.networks.features import SqueezeNet
from limner.progress import Progress, no_progress

STYLING = Wording("styled", "Painting", "paint")
"""Of `paint_file_with`."""


class StylePainter:
    """A painter for `limner.look.paint.paint_file_with`: whole pictures, none of which knows the others."""

    def __init__(
        self,
        network: SqueezeNet,
        painting: Painting,
        options: PictureStyle,
        *,
        device: torch.device | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._device = device or torch.device("cpu")
        self._gatys = Gatys(network, (painting.to_tensor() / 2 + 0.5).to(self._device), options)
        self._progress = progress
        self.at_least = options.pixels
        """The long side of paintings."""

    def begin(self) -> None:
        """Nothing: there is no memory."""

    def begin_frame(self, seconds: float) -> None:
        """Nothing: a frame's time does not matter."""

    def check_size(self, size: tuple[int, int], painting_format: str) -> None:
        """Raise `UnreadableFile` for a picture whose painting is too narrow for the network to look at."""
        _ = painting_format
        width, height = dream_size(size, self.at_least)
        if min(width, height) < MIN_CROP:
            raise UnreadableFile(
                f"is too narrow: its painting would have {width} x {height} pixels, and {MIN_CROP} a side "
                "are needed. Give more --pixels, or cut a part out"
            )

    def __call__(self, image: Image.Image) -> Image.Image:
        """The painting of a whole RGB picture."""
        array = center_crop(image, dream_size(image.size, self.at_least), whole=True)
        photo = torch.from_numpy(array.copy()).permute(2, 0, 1)[None].to(self._device)
        painted = self._gatys(photo, lambda done, total: self._progress(done, total, "Painting, steps"))
        return to_image(np.asarray(painted[0].permute(1, 2, 0).cpu()))


def paint_picture(paint: StylePainter, picture: Path, out: Path | None, *, force: bool = False) -> Path:
    """Paint one picture file; returns the painting's file.

    Raises LimnerError for what is no still picture, and an `out` that exists.
    """
    if picture.is_dir():
        raise LimnerError(f"{picture} is a folder: give --picture one photo.")
    if not picture.exists():
        raise LimnerError(f"{picture} does not exist.")
    try:
        of_clip = is_clip(find_source(picture))
    except UnreadableFile as error:
        raise LimnerError(f"{picture} {error}.") from error
    if of_clip:
        raise LimnerError(
            f"{picture} is a clip, and each frame would take as long as a picture: train a look without "
            "--picture, and paint the clip with it."
        )
    return paint_file_with(paint, picture, out, words=STYLING, force=force).paintings[0]
