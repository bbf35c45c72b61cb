"""Write a painted clip: H.264, each frame at its own time, with limner's mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.codec.context import Flags
from PIL import Image

from limner.mark import VIDEO_TAG, make_mark

TICKS_PER_SECOND = 90_000
"""Resolution of a painted clip's frame times, as in broadcasting: uneven frame times stay as they are."""


@contextmanager
def video_writer(
    file: BinaryIO, suffix: str, size: tuple[int, int], rate: Fraction
) -> Iterator[Callable[[Image.Image, float, float], None]]:
    """Yield a function that appends a picture to `file`, shown between two times in seconds.

    `suffix` says which container it is; `size` is the width and height of the clip, both even.
    """
    kind = {".mkv": "matroska", ".mov": "mov"}.get(suffix, "mp4")
    with av.open(file, mode="w", format=kind) as container:
        container.metadata[VIDEO_TAG] = make_mark("painting")
        # Without B-frames, frames are stored in the order in which they are shown. MP4 stores only how long
        # each lasts in the order of storage, so that a long last frame would be cut short with them.
        stream: Any = container.add_stream("libx264", rate=rate, options={"crf": "16", "bf": "0"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS_PER_SECOND)
        stream.codec_context.flags |= Flags.frame_duration
        last = -1

        def write_frame(painting: Image.Image, start: float, end: float) -> None:
            nonlocal last
            if painting.size != size:  # a recording can change its size, as when a phone is turned
                painting = painting.resize(size)
            frame = av.VideoFrame.from_image(painting)  # type: ignore[no-untyped-call]
            frame.time_base = Fraction(1, TICKS_PER_SECOND)
            frame.pts = last = max(round(start * TICKS_PER_SECOND), last + 1)
            frame.duration = max(round(end * TICKS_PER_SECOND) - last, 1)
            container.mux(stream.encode(frame))

        yield write_frame
        container.mux(stream.encode())
