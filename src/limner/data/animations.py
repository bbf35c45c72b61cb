"""Frames of an animated picture (GIF, WebP, PNG, AVIF), like those of a video: `limner.data.videos`.

A browser shows a frame of less than 20 ms for 100 ms, because old GIFs say 0; here it takes as long. An
animation that is cut off gives the frames it has.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from PIL import Image

from limner.data.images import UnreadableFile, open_image, to_upright_rgb
from limner.data.videos import Clip, Frame
from limner.decoders import IMAGE_FAULTS
from limner.errors import first_line

_MIN_SECONDS = 0.02
_DEFAULT_SECONDS = 0.1


def measure_animation(path: Path) -> Clip:
    """Length and frames of an animation; decodes all of it. Raises `UnreadableFile`."""
    with open_image(path) as image:
        durations = [duration for duration, _ in _Decoder(image)]
    return Clip(path, sum(durations), len(durations))


class AnimationReader(Iterator[Frame]):
    """At most `count` frames, in order; transparent parts are white.

    These are all frames if there are no more, and otherwise those that are shown at the middles of `count`
    equal parts of the time. The first frame's `next` raises `UnreadableFile` if the file is not a picture
    or that frame is damaged. After the last frame, `left_out` says whether damage cost any.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._frames = self._read(path, count)
        self.left_out = ""
        """What could not be decoded; continues a sentence that begins with the file's name."""

    def __next__(self) -> Frame:
        return next(self._frames)

    def _read(self, path: Path, count: int) -> Iterator[Frame]:
        with open_image(path) as image:
            chosen = None
            if getattr(image, "n_frames", 1) > count:
                chosen = _choose([duration for duration, _ in _Decoder(image)], count)
            decoder = _Decoder(image)
            start = 0.0
            for index, (duration, frame) in enumerate(decoder):
                if chosen is None or index in chosen:
                    # A copy, because Pillow draws the next frame into this one.
                    yield Frame(start, to_upright_rgb(frame.copy()))
                start += duration
            if decoder.lost:
                frames = "1 frame" if decoder.lost == 1 else f"{decoder.lost:,} frames"
                self.left_out = f"is damaged or cut off: {frames} could not be decoded"


class _Decoder:
    """Yields each frame, with the seconds that it is shown, up to the first damage."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self.lost = 0
        """Frames from the damage on."""

    def __iter__(self) -> Iterator[tuple[float, Image.Image]]:
        image = self._image
        # A PNG may have a picture before its animation, for programs that show no animation.
        first, end = int(bool(getattr(image, "default_image", False))), getattr(image, "n_frames", 1)
        for index in range(first, end):
            try:
                image.seek(index)
                image.load()
            except IMAGE_FAULTS as error:
                if index == first:
                    raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error
                self.lost = end - index
                return
            seconds = float(image.info.get("duration") or 0) / 1000
            yield (seconds if seconds >= _MIN_SECONDS else _DEFAULT_SECONDS), image


def _choose(durations: Sequence[float], count: int) -> set[int]:
    """The indices of the frames that are shown at the middles of `count` equal parts of the time."""
    step = sum(durations) / count
    # How many middles come before each frame, and before the end.
    middles = [round(start / step) for start in accumulate(durations, initial=0.0)]
    return {index for index in range(len(durations)) if middles[index] < middles[index + 1]}
