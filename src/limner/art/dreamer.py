"""Dreams of pictures, of the frames of a clip, and films that begin with one picture.

In a film each frame begins from the dream of the one before it, enlarged and turned, so that the dream
flows. In a clip it is mixed with the clip's own frame. Each frame would add contrast to that of the one
before, and a film would turn neon in a second: so no frame has more than the first dream added.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from limner.art.deepdream import DeepDream, octave_sizes
from limner.art.dream_options import FilmOptions
from limner.art.flashes import FlashLimiter
from limner.art.warp import warp
from limner.data.arrays import center_crop, to_image
from limner.data.images import UnreadableFile
from limner.look.paint import Wording
from limner.networks.features import smallest_side
from limner.progress import Progress, no_progress

DREAMING = Wording("dream", "Dreams", "dream of")
"""Of `paint_file_with`. The steps of one dream are counted as Dreaming."""


MIN_CONTRAST = 0.02
"""Below it a picture is flat, and a ratio to it says nothing."""


class Dreamer:
    """A painter for `limner.look.paint.paint_file_with`: the first picture after `begin` is dreamt in full,
    and those that follow are a film."""

    def __init__(
        self,
        dream: DeepDream,
        film: FilmOptions,
        *,
        device: torch.device | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._dream = dream
        self._film = film
        self._device = device or torch.device("cpu")
        self._progress = progress
        self.begin()

    @property
    def at_least(self) -> int:
        """The long side of dreams."""
        return self._dream.options.pixels

    def begin(self) -> None:
        """Forget the dreams so far."""
        self._last: Tensor | None = None
        self._contrast = self._gain = 0.0
        self._number = 0
        self._seconds = 0.0
        self._limit_flashes = FlashLimiter() if self._film.flash_limit else None

    def begin_frame(self, seconds: float) -> None:
        """Say when the next picture is shown, which limits how much brighter or darker it may be."""
        self._seconds = seconds

    def check_size(self, size: tuple[int, int], painting_format: str) -> None:
        """Raise `UnreadableFile` for a picture whose dream is too narrow for the layer."""
        _ = painting_format  # none takes fewer pixels than dreams may have
        layer = self._dream.objective.layer
        least, width, height = smallest_side(layer), *dream_size(size, self.at_least)
        if min(width, height) < least:
            enough = next(p for p in count(self.at_least) if min(dream_size(size, p)) >= least)
            raise UnreadableFile(
                f"is too narrow: its dream would have {width} x {height} pixels, and {layer} needs {least} "
                f"a side. Give --pixels {enough} or more, or an earlier --layer"
            )

    def __call__(self, image: Image.Image) -> Image.Image:
        """The dream of an RGB picture, or of the next frame of a clip."""
        return self._show(self._next(self.to_tensor(image)))

    def film(self, image: Image.Image, frames: int, frames_per_second: float) -> Iterator[Image.Image]:
        """A film of so many frames that begins with a dream of this picture."""
        self.begin()
        yield self(image)
        for number in range(1, frames):
            self.begin_frame(number / frames_per_second)
            yield self._show(self._next(None))

    def to_tensor(self, image: Image.Image) -> Tensor:
        """RGB in 0..1, (1, 3, H, W), with the size of the dream."""
        array = center_crop(image, dream_size(image.size, self.at_least), whole=True)
        return torch.from_numpy(array.copy()).permute(2, 0, 1)[None].to(self._device)

    def _next(self, frame: Tensor | None) -> Tensor:
        """Dream on, from a clip's frame if there is one."""
        if self._last is None:
            if frame is None:
                raise ValueError("a film begins with a picture")
            self._last = self._dream(frame, on_step=self._step_counter(frame))
            self._contrast = measure_contrast(self._last)
            self._gain = self._contrast / max(measure_contrast(frame), MIN_CONTRAST)
        else:
            if frame is not None:
                self._contrast = self._gain * measure_contrast(frame)
            start = warp(self._last, self._film.zoom, self._film.rotation).clamp(0, 1)
            if frame is not None:
                start = start.lerp(frame, self._film.camera) if frame.shape == start.shape else frame
            dreamt = self._dream(start, steps=self._film.frame_steps, key=self._number)
            self._last = limit_contrast(dreamt, max(self._contrast, MIN_CONTRAST))
        self._number += 1
        return self._last

    def _step_counter(self, picture: Tensor) -> _StepCounter:
        options = self._dream.options
        octaves = len(octave_sizes(picture.shape[2], picture.shape[3], options.octaves))
        return _StepCounter(self._progress, octaves * options.steps)

    def _show(self, dream: Tensor) -> Image.Image:
        if self._limit_flashes:
            dream = self._limit_flashes(dream, self._seconds)
        return to_image(np.asarray(dream[0].permute(1, 2, 0).cpu()))


def measure_contrast(picture: Tensor) -> float:
    """The standard deviation of the values of (1, 3, H, W) about each channel's mean."""
    return float((picture - picture.mean((2, 3), keepdim=True)).square().mean().sqrt())


def limit_contrast(picture: Tensor, most: float) -> Tensor:
    """The picture, with its contrast lowered to `most` where it has more."""
    mean = picture.mean((2, 3), keepdim=True)
    return mean + (picture - mean) * min(1.0, most / max(measure_contrast(picture), MIN_CONTRAST))


def dream_size(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Width and height of the dream of a picture of this width and height, `pixels` the long one.

    They are even, for H.264.
    """
    scale = pixels / max(size)
    width, height = (2 * max(1, round(side * scale / 2)) for side in size)
    return width, height


class _StepCounter:
    """Reports each step of a dream."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._done = 0
        self._total = total

    def __call__(self) -> None:
        self._done += 1
        self._progress(self._done, self._total, "Dreaming")
