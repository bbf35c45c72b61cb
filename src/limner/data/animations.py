"""Frames of an animated picture (GIF, WebP, PNG, AVIF), like those of a video: `limner.data.videos`.

A browser shows a frame of less than 20 ms for 100 ms, because old GIFs say 0; here it takes as long. An
animation that is cut off gives the frames it has.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

from PIL import Image

from limner.data.file_cache import read_once
from limner.data.images import UnreadableFile, open_image, to_upright_rgb
from limner.data.video_timeline import pick_frames
from limner.data.videos import Clip, Frame
from limner.decoders import IMAGE_FAULTS
from limner.errors import first_line

MAX_FRAME_PIXELS = 40_000_000
"""Pixels of a frame: more than 8K has. Pillow holds several copies of it, with four bytes a pixel."""

_MIN_SECONDS = 0.02
_DEFAULT_SECONDS = 0.1
_TICK = 1e-6  # seconds


def measure_animation(path: Path) -> Clip:
    """Length and frames of an animation. Raises `UnreadableFile`.

    All of it is decoded for that, unless it was before and is unchanged.
    """
    durations = _durations_of(path)
    return Clip(path, sum(durations), len(durations))


class AnimationReader(Iterator[Frame]):
    """At most `count` frames, 1 or more, in order; transparent parts are white.

    These are all frames if there are no more, and otherwise those of `pick_frames`. The first frame's
    `next` raises `UnreadableFile` if the file is not a picture or that frame is damaged. After the last
    frame, `left_out` says whether damage cost any.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._frames = self._read(path, count)
        self.left_out = ""
        """What could not be decoded; continues a sentence that begins with the file's name."""

    def __next__(self) -> Frame:
        return next(self._frames)

    def _read(self, path: Path, count: int) -> Iterator[Frame]:
        with _open_animation(path) as image:
            # All that can be decoded: a file that is cut off declares more.
            starts = list(accumulate(_durations_of(path), initial=0.0))
            *begins, end = (round(start / _TICK) for start in starts)
            picks = set(pick_frames(begins, end, count))
            decoder = _Decoder(image)
            for index, (_, frame) in enumerate(decoder):
                if index in picks:
                    # A copy, because Pillow draws the next frame into this one.
                    yield Frame(index, starts[index], to_upright_rgb(frame.copy()))
            if decoder.lost:
                frames = "1 frame" if decoder.lost == 1 else f"{decoder.lost:,} frames"
                self.left_out = f"is damaged or cut off: {frames} could not be decoded"


class _Decoder:
    """Yields each frame, with the seconds that it is shown, up to the first damage.

    Raises one of `IMAGE_FAULTS` if that is in the first frame.
    """

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
            except IMAGE_FAULTS:
                if index == first:
                    raise
                self.lost = end - index
                return
            seconds = float(image.info.get("duration") or 0) / 1000
            yield (seconds if seconds >= _MIN_SECONDS else _DEFAULT_SECONDS), image


@contextmanager
def _open_animation(path: Path) -> Iterator[Image.Image]:
    with open_image(path) as image:
        if (pixels := image.width * image.height) > MAX_FRAME_PIXELS:
            raise UnreadableFile(
                f"is an animation of {pixels / 1e6:,.0f} million pixels, more than fit in memory: "
                "make it smaller"
            )
        # The readers of this module, whose blocks write nothing.
        try:
            yield image
        except IMAGE_FAULTS as error:
            raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error


@read_once
def _durations_of(path: Path) -> tuple[float, ...]:
    """The seconds of each frame. To prepare an animation takes them twice and reads them once."""
    with _open_animation(path) as image:
        return tuple(duration for duration, _ in _Decoder(image))
