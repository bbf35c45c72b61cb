"""Frames of an animated picture (GIF, WebP, PNG, AVIF), like those of a video: `limner.data.videos`.

A browser shows a frame of less than 20 ms for 100 ms, because old GIFs say 0; here it takes as long. An
animation that is cut off gives the frames it has.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from PIL import Image

from limner.data.images import UnreadableFile, open_image, to_upright_rgb
from limner.data.videos import Clip, Frame
from limner.errors import first_line

_MIN_SECONDS = 0.02
_DEFAULT_SECONDS = 0.1


def measure_animation(path: Path) -> Clip:
    """Length and frames of an animation; decodes all of it. Raises `UnreadableFile`."""
    with open_image(path) as image:
        durations = [duration for duration, _ in _decode(image)]
    return Clip(path, sum(durations), len(durations))


def read_animation(path: Path, count: int) -> Iterator[Frame]:
    """Yield at most `count` frames, in order; transparent parts are white.

    These are all frames if there are no more, and otherwise those that are shown at the middles of `count`
    equal parts of the time. Raises `UnreadableFile` if the file is not a picture or its first frame is
    damaged.
    """
    with open_image(path) as image:
        chosen = None
        if getattr(image, "n_frames", 1) > count:
            chosen = _choose([duration for duration, _ in _decode(image)], count)
        start = 0.0
        for index, (duration, frame) in enumerate(_decode(image)):
            if chosen is None or index in chosen:
                # A copy, because Pillow draws the next frame into this one.
                yield Frame(start, to_upright_rgb(frame.copy()))
            start += duration


def _decode(image: Image.Image) -> Iterator[tuple[float, Image.Image]]:
    """Yield each frame, with the seconds that it is shown; stops at damage after the first."""
    # A PNG may have a picture before its animation, for programs that show no animation.
    first = int(bool(getattr(image, "default_image", False)))
    for index in range(first, getattr(image, "n_frames", 1)):
        try:
            image.seek(index)
            image.load()
        except (OSError, SyntaxError, ValueError, EOFError, KeyError, TypeError, struct.error) as error:
            if index == first:
                raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error
            return
        seconds = float(image.info.get("duration") or 0) / 1000
        yield (seconds if seconds >= _MIN_SECONDS else _DEFAULT_SECONDS), image


def _choose(durations: Sequence[float], count: int) -> set[int]:
    """The indices of the frames that are shown at the middles of `count` equal parts of the time."""
    step = sum(durations) / count
    # How many middles come before each frame, and before the end.
    middles = [round(start / step) for start in accumulate(durations, initial=0.0)]
    return {index for index in range(len(durations)) if middles[index] < middles[index + 1]}
