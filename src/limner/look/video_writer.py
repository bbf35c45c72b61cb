"""Write a painted clip: H.264, each frame at its own time, with limner's mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.codec.context import Flags
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from limner.data.video_colour import EXACT
from limner.errors import LimnerError
from limner.mark import VIDEO_TAG, make_mark

TICKS_PER_SECOND = 90_000
"""Resolution of a painted clip's frame times, as in broadcasting: uneven frame times stay as they are."""

MAX_SIDE = 16_384
"""Most pixels of a side of a clip that x264 takes."""

# Written in the file, because players take what says nothing for BT.601 or BT.709 by its size.
_COLOURS = {
    "colorspace": int(Colorspace.ITU709),
    "color_primaries": int(ColorPrimaries.BT709),
    "color_trc": int(ColorTrc.BT709),
    "color_range": int(ColorRange.MPEG),
}


@contextmanager
def video_writer(
    file: BinaryIO, suffix: str, size: tuple[int, int], rate: Fraction
) -> Iterator[Callable[[Image.Image, float, float], None]]:
    """Yield a function that appends a picture to `file`, shown between two times in seconds.

    `suffix` says which container it is; `size` is the pictures' width and height. H.264 halves the
    resolution of colours: of an odd side, the last pixel is cut off.

    Raises `LimnerError` where FFmpeg cannot encode the clip.
    """
    kind = {".mkv": "matroska", ".mov": "mov"}.get(suffix, "mp4")
    width, height = (side - side % 2 for side in size)
    with av.open(file, mode="w", format=kind) as container:
        container.metadata[VIDEO_TAG] = make_mark("painting")
        # Without B-frames, frames are stored in the order in which they are shown. MP4 stores only how long
        # each lasts in the order of storage, so that a long last frame would be cut short with them.
        stream: Any = container.add_stream("libx264", rate=rate, options={"crf": "16", "bf": "0"})
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        _set_colours(stream.codec_context)
        stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        stream.codec_context.flags |= Flags.frame_duration
        last = -1

        def encode(frame: av.VideoFrame | None) -> None:
            with _encoder_errors(size):
                container.mux(stream.encode(frame))

        def write_frame(painting: Image.Image, start: float, end: float) -> None:
            nonlocal last
            if painting.size != size:  # a recording can change its size, as when a phone is turned
                painting = painting.resize(size)
            frame = _to_yuv(painting.crop((0, 0, width, height)))
            frame.time_base = Fraction(1, TICKS_PER_SECOND)
            frame.pts = last = max(round(start * TICKS_PER_SECOND), last + 1)
            frame.duration = max(round(end * TICKS_PER_SECOND) - last, 1)
            encode(frame)

        yield write_frame
        encode(None)


def _to_yuv(picture: Image.Image) -> av.VideoFrame:
    rgb = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
    frame: av.VideoFrame = rgb.reformat(
        format="yuv420p",
        dst_colorspace=_COLOURS["colorspace"],
        dst_color_range=_COLOURS["color_range"],
        interpolation=int(EXACT),
    )
    _set_colours(frame)
    return frame


def _set_colours(frame_or_codec: Any) -> None:
    for name, value in _COLOURS.items():
        setattr(frame_or_codec, name, value)


@contextmanager
def _encoder_errors(size: tuple[int, int]) -> Iterator[None]:
    """Raise LimnerError for FFmpeg's own errors. Those of the disk are OSErrors and stay."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        width, height = size
        raise LimnerError(
            f"A clip of {width:,} x {height:,} pixels cannot be written as H.264 ({error.strerror})."
        ) from error
