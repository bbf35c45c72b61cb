"""Frames of a video, evenly spread over it, upright, as RGB pictures.

PyAV bundles FFmpeg, so a video needs nothing installed. The time stamps in the file say which frames there
are (`limner.data.video_timeline`). Frames far apart are found by seeking, so that an hour takes a
minute or two, and close ones by decoding all between. A damaged video gives the frames that can be decoded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from limner.data.file_cache import read_once
from limner.data.images import UnreachableFile, UnreadableFile
from limner.data.kinds import HEAD_BYTES, UNREADABLE_VIDEO, is_box, is_text
from limner.data.video_colour import RgbConverter
from limner.data.video_orientation import make_upright
from limner.data.video_timeline import PacketReader, Timeline, pick_frames, read_timeline
from limner.decoders import open_video

SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".webm", ".mkv", ".avi", ".wmv", ".asf", ".flv", ".ogv"),
        *(".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts"),
    }
)
"""Suffixes, in lower case, of files that are meant to be videos. Their content decides."""

TWO_SQUARES = 1.5
"""Aspect ratio from which a frame gives two squares, one from each end; below it, one from the middle.

The two squares of a 16:9 frame share a fifth of the frame, those of a 3:2 frame a third; below that
they would be nearly the same picture.
"""

_SEEK_BEYOND = 8
"""Frames that are decoded in vain before a keyframe: with more, seeking to it is faster."""

_STILLS = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
"""Streams that hold a cover or thumbnails."""

_MP4_BOXES = frozenset({b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"})
"""The names of boxes with which an MP4 or MOV begins."""


@dataclass(frozen=True)
class Clip:
    """The properties of a video that are known before decoding."""

    path: Path
    seconds: float
    """From the first frame's beginning to the last frame's end."""
    frames: int
    """Number of frames; with damage, some of them cannot be decoded."""


@dataclass(frozen=True)
class Frame:
    """One frame of a video."""

    index: int
    """0 is the video's first frame; frames that are not taken or cannot be decoded count too."""
    seconds: float
    """Time from the video's first frame."""
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
    """Length of a video. Raises `UnreadableFile` if it has no pictures.

    The whole file is read once for its time stamps, unless it was read before and is unchanged.
    """
    timeline = _timeline_of(path)
    return Clip(path, timeline.seconds, len(timeline.starts))


class FrameReader(Iterator[Frame]):
    """At most `count` frames, 1 or more, in order, from the middles of `count` equal parts of the video.

    A video with fewer frames gives each once. The first frame's `next` raises `UnreadableFile` if the file
    is not a video or no frame can be decoded. After the last frame, `left_out` says whether damage cost
    any.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._frames = self._read(path, count)
        self._timeline: Timeline | None = None
        self._lost = 0
        self._is_damaged = False

    def __next__(self) -> Frame:
        return next(self._frames)

    @property
    def left_out(self) -> str:
        """What the file could not give so far, such as `is damaged: 12 frames could not be decoded`; or
        empty. It continues a sentence that begins with the file's name."""
        losses = self._timeline.losses if self._timeline else ()
        if self._is_damaged and self._lost:
            frames = "1 frame" if self._lost == 1 else f"{self._lost:,} frames"
            losses = (f"is damaged: {frames} could not be decoded", *losses)
        return ", and ".join(losses)

    def _read(self, path: Path, count: int) -> Iterator[Frame]:
        self._timeline = timeline = _timeline_of(path)
        self._is_damaged = timeline.is_damaged
        converter = RgbConverter()
        has_frames = False
        with _open_video(path) as container:
            stream = _find_stream(container)
            stream.thread_type = "AUTO"
            for time, frame in self._select(container, stream, timeline, count):
                try:
                    image = converter.convert(frame)
                except (av.FFmpegError, ValueError):  # a pixel format that swscale does not know
                    self._is_damaged = True
                    self._lost += 1
                    continue
                image = make_upright(image, frame, stream.sample_aspect_ratio)
                yield Frame(bisect_left(timeline.starts, time), timeline.seconds_at(time), image)
                has_frames = True
        if not has_frames:
            raise UnreadableFile("has no frame that can be decoded: it is damaged or cut off")

    def _select(
        self, container: Any, stream: VideoStream, timeline: Timeline, count: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        """The picked frames with their times. A pick that is damaged gives the next frame that is not."""
        if count >= len(timeline.starts):
            yield from self._decode(container, stream, timeline, 0)
            return
        frames = self._decode(container, stream, timeline, 0)
        decoded = -1  # index of the last decoded frame
        for pick in pick_frames(timeline.starts, timeline.end, count):
            if pick <= decoded:
                continue
            keyframe = timeline.keyframe_before(pick)
            if not timeline.is_indexed:
                keyframe = timeline.keyframe_before(keyframe - 1)
            if timeline.is_continuous and keyframe > decoded + _SEEK_BEYOND:
                with suppress(av.FFmpegError):  # without it, all between is decoded
                    container.seek(timeline.starts[keyframe], stream=stream)
                    frames = self._decode(container, stream, timeline, keyframe)
            for time, frame in frames:
                decoded = bisect_left(timeline.starts, time)
                if decoded >= pick:
                    yield time, frame
                    break
            else:
                return

    def _decode(
        self, container: Any, stream: VideoStream, timeline: Timeline, first: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        """Decode to the end, from the keyframe at index `first`, where the container stands.

        Counts the frames that do not come.
        """
        # Without an index, the first frame to come may be a later one.
        due = first if first == 0 or timeline.is_indexed else None
        packets = PacketReader(container, stream)
        last = timeline.starts[first] - 1
        for packet in packets:
            self._is_damaged |= packets.is_damaged
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                self._is_damaged = True
                continue
            for frame in frames:
                time = last + 1 if frame.pts is None else frame.pts
                # After a seek, frames before the keyframe may come, which cannot be decoded from there.
                if time <= last:
                    continue
                if frame.is_corrupt:
                    self._is_damaged = True
                    continue
                index = bisect_left(timeline.starts, time)
                if due is not None:
                    self._lost += max(0, index - due)
                last, due = time, index + 1
                yield time, frame
        if due is not None:
            self._lost += max(0, len(timeline.starts) - due)


@read_once
def _timeline_of(path: Path) -> Timeline:
    """The times of a video's frames. To prepare a video takes them three times and reads them once."""
    with _open_video(path) as container:
        timeline = read_timeline(container, _find_stream(container))
    if timeline is None:
        raise UnreadableFile("is a video without frames")
    return timeline


@contextmanager
def _open_video(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreachableFile(f"cannot be opened ({error.strerror})") from error
    if not head:
        raise UnreadableFile("is an empty file")
    try:
        container = open_video(path)
    except (av.FFmpegError, ValueError, OSError) as error:
        if is_box(head, _MP4_BOXES):
            raise UnreadableFile(
                "is an MP4 whose index (moov) is missing: the recording was not finished, or the file is "
                "damaged or cut off"
            ) from error
        reason = "is a text file, not a video" if is_text(head) else UNREADABLE_VIDEO.reason
        raise UnreadableFile(reason) from error
    with container:
        yield container


def _find_stream(container: Any) -> VideoStream:
    """The first stream of moving pictures. Raises `UnreadableFile` if there is none that can be decoded."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _STILLS]
    if not streams:
        raise UnreadableFile("has sound but no pictures" if container.streams.audio else "has no pictures")
    for stream in streams:
        if stream.codec_context is not None and stream.time_base:
            return stream  # type: ignore[no-any-return]
    raise UnreadableFile("has pictures that FFmpeg cannot decode: convert it to MP4 with H.264")
