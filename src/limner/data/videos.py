"""Frames of a video, evenly spread over it, upright, as RGB pictures.

PyAV bundles FFmpeg, so a video needs nothing installed. Frames far apart are found by seeking (a film of an
hour takes a minute or two), close ones by decoding sequentially. A truncated video gives the frames it has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image

from limner.data.images import UnreachableFile, UnreadableFile
from limner.errors import first_line

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"})
"""Suffixes, in lower case, of files that are treated as videos."""

TWO_SQUARES = 1.5
"""Aspect ratio from which a frame gives two squares, one from each end; below it, one from the middle.

The two squares of a 16:9 frame share a fifth of the frame, those of a 3:2 frame a third; below that
they would be nearly the same picture.
"""

_SEEK_BEYOND = 2.0
"""Seconds between requested frames above which seeking is faster than decoding all frames between."""


@dataclass(frozen=True)
class Clip:
    """The properties of a video that are known before decoding."""

    path: Path
    seconds: float
    frames: int
    """Number of frames; an estimate if the container does not say."""


@dataclass(frozen=True)
class Frame:
    """One frame of a video."""

    seconds: float
    """Time from the beginning of the video."""
    image: Image.Image
    """RGB, upright, with square pixels."""


@dataclass(frozen=True)
class Square:
    """A square part of a frame."""

    where: str
    """`left`, `right`, `upper`, `lower`, or empty for the middle."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels."""


def plan_squares(width: int, height: int) -> tuple[Square, ...]:
    """The squares of a frame of width x height pixels: both ends of a long frame, otherwise the middle.

    The frame extractor of *Learning to Learn to See* (2020) also took the left and the right of wide
    frames: this doubles the training set, and nothing at the sides is lost.
    """
    side = min(width, height)
    if width >= TWO_SQUARES * height:
        left, right = (0, 0, side, side), (width - side, 0, width, side)
        return Square("left", left), Square("right", right)
    if height >= TWO_SQUARES * width:
        upper, lower = (0, 0, side, side), (0, height - side, side, height)
        return Square("upper", upper), Square("lower", lower)
    x, y = (width - side) // 2, (height - side) // 2
    return (Square("", (x, y, x + side, y + side)),)


def measure_video(path: Path) -> Clip:
    """Length of a video. Raises `UnreadableFile` if it has no pictures."""
    with _open_video(path) as container:
        return _measure(container, path)


def read_frames(path: Path, count: int) -> Iterator[Frame]:
    """Yield at most `count` frames, in order, from the middles of `count` equal parts of the video.

    Raises `UnreadableFile` if the file is not a video or no frame can be decoded. Damage after the first
    frame ends the frames early.
    """
    with _open_video(path) as container:
        clip = _measure(container, path)
        timestamps = [(part + 0.5) * clip.seconds / count for part in range(count)]
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        interval = clip.seconds / count
        read = _read_by_seeking if interval > _SEEK_BEYOND else _read_sequentially
        has_frames = False
        try:
            for seconds, frame in read(container, stream, timestamps):
                yield Frame(seconds, _to_upright_image(frame, stream))
                has_frames = True
        except (av.FFmpegError, ValueError) as error:
            if not has_frames:
                raise UnreadableFile(f"is damaged ({first_line(error)})") from error
        if not has_frames:
            raise UnreadableFile("has no frame that can be decoded: it is damaged or cut off")


def _open_video(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise UnreachableFile(f"cannot be opened ({error.strerror})") from error
    if is_empty:
        raise UnreadableFile("is an empty file")
    try:
        return av.open(str(path))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise UnreadableFile("is not a video that can be read: it is damaged or cut off") from error


def _measure(container: Any, path: Path) -> Clip:
    if not container.streams.video:
        raise UnreadableFile("has sound but no pictures" if container.streams.audio else "has no pictures")
    stream = container.streams.video[0]
    seconds = _declared_seconds(container, stream)
    frames = stream.frames or round(seconds * float(stream.average_rate or 0))
    if seconds <= 0 or frames <= 0:
        seconds, frames = _count_frames(container, stream)
    if seconds <= 0 or frames <= 0:
        raise UnreadableFile("is a video without frames")
    return Clip(path, seconds, frames)


def _declared_seconds(container: Any, stream: Any) -> float:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / av.time_base


def _count_frames(container: Any, stream: Any) -> tuple[float, int]:
    """Count seconds and frames by reading the file: a browser's recorder writes no duration."""
    first, last, frames = float("inf"), 0.0, 0
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and packet.size:
                time = float(packet.pts * packet.time_base)
                first, last = (
                    min(first, time),
                    max(last, time + float(packet.duration or 0) * float(packet.time_base)),
                )
                frames += 1
    except (av.FFmpegError, ValueError):
        # Count the frames before the damage.
        pass
    if frames:
        container.seek(0)
    return (max(last - first, 1e-3) if frames else 0.0), frames


def _read_sequentially(container: Any, stream: Any, timestamps: list[float]) -> Iterator[tuple[float, Any]]:
    start = _start_seconds(stream)
    next_index = 0
    for frame in container.decode(stream):
        seconds = (frame.time or 0.0) - start
        if next_index < len(timestamps) and seconds + _half_frame(stream) >= timestamps[next_index]:
            yield seconds, frame
            # If the video has fewer frames than requested, yield each once.
            while next_index < len(timestamps) and seconds + _half_frame(stream) >= timestamps[next_index]:
                next_index += 1
        if next_index == len(timestamps):
            return


def _read_by_seeking(container: Any, stream: Any, timestamps: list[float]) -> Iterator[tuple[float, Any]]:
    start = _start_seconds(stream)
    last = -1.0
    for target in timestamps:
        container.seek(int((target + start) / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            seconds = (frame.time or 0.0) - start
            if seconds + _half_frame(stream) >= target:
                if seconds > last:
                    yield seconds, frame
                last = seconds
                break


def _start_seconds(stream: Any) -> float:
    return float((stream.start_time or 0) * stream.time_base)


def _half_frame(stream: Any) -> float:
    return 0.5 / float(stream.average_rate or 25)


def _to_upright_image(frame: Any, stream: Any) -> Image.Image:
    image: Image.Image = frame.to_image()
    aspect = float(stream.sample_aspect_ratio or 1)
    if aspect != 1:
        image = image.resize((max(1, round(image.width * aspect)), image.height))
    quarter_turns = round(frame.rotation / 90) % 4
    return image.rotate(90 * quarter_turns, expand=True) if quarter_turns else image
