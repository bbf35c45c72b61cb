"""When each frame of a video begins, by the time stamps of its packets.

The length, the number of frames and the rate that a file declares are estimates at best: a phone's rate
varies, a browser's recorder declares nothing, and a recording that was cut off declares what it lost.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream

MAX_STEP_BACK = 0.1
"""Seconds that a packet may lie before the one before it. More is a clock that began anew."""

MAX_STEP_ON = 10
"""Seconds that a packet of a broadcast format may lie after the one before it, as in `ffmpeg`, or be shown
after it is decoded. Such streams change their clock within a recording; in a file, an hour between two
frames is meant."""

MAX_READ_ERRORS = 100
"""Errors in a row after which the rest of a file is given up."""

MIN_REGULAR = 0.9
"""Share of equal steps between frames from which a video's rate counts as constant."""

MIN_GAP = 4
"""Steps without a frame that are a gap in a video of constant rate."""

MAX_GAPS = 3
"""With more gaps, a video is one of stills and bursts, and nothing is missing."""

MIN_SHORTFALL = 1.0
"""Seconds without pictures at a video's end that are worth a word."""


@dataclass(frozen=True)
class Timeline:
    """The frames of a video as their times, in ticks of `time_base`."""

    starts: Sequence[int]
    """When each frame begins, ascending."""
    end: int
    """When the last frame ends."""
    keyframes: Sequence[int]
    """The frames at which decoding can begin, as indices of `starts`, ascending."""
    time_base: Fraction
    """Seconds of a tick."""
    is_continuous: bool
    """Whether the times are the file's own, so that the file can be searched for them."""
    is_indexed: bool
    """Whether a search for a keyframe ends at that keyframe; without an index it may end after it."""
    is_damaged: bool
    """Whether some packets could not be read."""
    losses: tuple[str, ...]
    """What seems to be missing in the file; each continues a sentence that begins with the file's name."""

    @property
    def seconds(self) -> float:
        """From the first frame's beginning to the last frame's end."""
        return float((self.end - self.starts[0]) * self.time_base)

    def seconds_at(self, start: int) -> float:
        """Seconds from the first frame to a time in ticks."""
        return float((start - self.starts[0]) * self.time_base)

    def keyframe_before(self, index: int) -> int:
        """Index of the keyframe from which the frame `index` can be decoded."""
        position = bisect_right(self.keyframes, index)
        return self.keyframes[position - 1] if position else 0


def pick_frames(starts: Sequence[int], end: int, count: int) -> list[int]:
    """Indices of `count` frames, or of all if there are fewer, evenly spread over time.

    `starts` says when each frame begins, ascending, and `end` when the last one ends. The picked frames are
    those that are shown at the middles of `count` equal parts of that time. A frame that is shown at
    several of them is taken once, and the next frames make up for it.
    """
    count = min(count, len(starts))
    first, ticks = starts[0], end - starts[0]
    picks: list[int] = []
    for part in range(count):
        shown = bisect_right(starts, first + (2 * part + 1) * ticks // (2 * count)) - 1
        earliest = picks[-1] + 1 if picks else 0
        latest = len(starts) - (count - part)
        picks.append(min(max(shown, earliest), latest))
    return picks


class PacketReader:
    """The packets of a stream, read on after damage, with times that never begin anew."""

    def __init__(self, container: Any, stream: VideoStream) -> None:
        self.is_damaged = False
        self.is_continuous = True
        self._container = container
        self._stream = stream
        self._is_broadcast = is_broadcast(container)

    def __iter__(self) -> Iterator[Packet[VideoStream]]:
        """From where the container stands, to the empty packet that ends a stream."""
        tick = float(self._stream.time_base or 1)
        max_back = MAX_STEP_BACK / tick
        max_on = MAX_STEP_ON / tick if self._is_broadcast else math.inf
        shift = 0  # ticks to add to the file's times
        last: int | None = None
        due = 0
        for packet in self._read():
            if packet.dts is not None:
                if packet.pts is not None and abs(packet.pts - packet.dts) > max_on:
                    packet.pts, self.is_damaged = packet.dts, True
                time = packet.dts + shift
                if last is not None and not -max_back <= time - last <= max_on:
                    self.is_continuous = False
                    shift += due - time
                    time = due
                last, due = time, time + (packet.duration or 0)
            if shift:
                packet.pts = None if packet.pts is None else packet.pts + shift
                packet.dts = None if packet.dts is None else packet.dts + shift
            self.is_damaged |= packet.is_corrupt
            yield packet

    def _read(self) -> Iterator[Packet[VideoStream]]:
        errors = 0
        while errors <= MAX_READ_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    errors = 0
                    if packet.size or packet.dts is None:  # AVI repeats a frame by an empty packet
                        yield packet
                return
            except IndexError:  # PyAV ends so if another stream began after the file was opened
                return
            except (av.FFmpegError, ValueError):
                self.is_damaged = True
                errors += 1


def read_timeline(container: Any, stream: VideoStream) -> Timeline | None:
    """The times of all frames of a stream; None if it has no frames.

    This reads the whole file and decodes nothing, which takes as long as the disk needs.
    """
    reader = PacketReader(container, stream)
    packets = sorted(
        (time, packet.duration or 0, packet.is_keyframe)
        for packet in reader
        if _is_shown(packet) and (time := _time_of(packet)) is not None
    )
    if not packets:
        return None
    starts = tuple(sorted({time for time, _, _ in packets}))
    end = starts[-1] + (packets[-1][1] or _usual_duration(starts, stream))
    # Arrays, because the times of many videos are kept: an hour takes a megabyte, as a tuple four.
    keyframes = sorted({bisect_left(starts, time) for time, _, is_key in packets if is_key})
    return Timeline(
        starts=array("q", starts),
        end=end,
        keyframes=array("q", keyframes),
        time_base=stream.time_base or Fraction(1),
        is_continuous=reader.is_continuous,
        is_indexed=not is_broadcast(container),
        is_damaged=reader.is_damaged,
        losses=_find_losses(container, stream, starts, end),
    )


def _find_losses(container: Any, stream: VideoStream, starts: tuple[int, ...], end: int) -> tuple[str, ...]:
    tick = stream.time_base or Fraction(1)
    losses = []
    if gaps := _find_gaps(container, starts):
        spans = [
            f"from {float((before - starts[0]) * tick):.1f} to {float((after - starts[0]) * tick):.1f} s"
            for before, after in gaps
        ]
        losses.append(f"has no pictures {' and '.join(spans)}")
    declared = _declared_seconds(container, stream)
    found = float((end - min(0, starts[0])) * tick)
    if declared > max(found + MIN_SHORTFALL, 1.05 * found):
        losses.append(f"declares {declared:.1f} s and has pictures for {found:.1f} s")
    return tuple(losses)


def is_broadcast(container: Any) -> bool:
    """Whether the format is made for streams without beginning or index, as MPEG-TS is."""
    return bool(container.format.flags & av.format.Flags.ts_discont.value)


def _find_gaps(container: Any, starts: tuple[int, ...]) -> list[tuple[int, int]]:
    """Pairs of frames far apart in a video of constant rate: what was between them cannot be read.

    Packets of most formats stand one after the other, and damage to one hides it. MP4 lists them all.
    """
    steps = [after - before for before, after in pairwise(starts)]
    if not steps or "mp4" in container.format.name:
        return []
    usual = sorted(steps)[len(steps) // 2]
    # Matroska rounds times to milliseconds.
    regular = sum(abs(step - usual) <= max(1, usual // 10) for step in steps)
    if regular < MIN_REGULAR * len(steps):
        return []
    gaps = [pair for step, pair in zip(steps, pairwise(starts), strict=True) if step > MIN_GAP * usual]
    return gaps if len(gaps) <= MAX_GAPS else []


def _declared_seconds(container: Any, stream: VideoStream) -> float:
    """Length of the video as the file declares it; 0 if it does not."""
    if is_broadcast(container):  # FFmpeg estimates it from the rate of bits
        return 0.0
    if stream.duration is not None:
        return float(stream.duration * (stream.time_base or 0))
    # Sound may go on after the last picture.
    return float((container.duration or 0) / av.time_base) if len(container.streams) == 1 else 0.0


def _time_of(packet: Packet[VideoStream]) -> int | None:
    # AVI has no times to show a frame, only times to decode it.
    return packet.pts if packet.pts is not None else packet.dts


def _is_shown(packet: Packet[VideoStream]) -> bool:
    """Whether the packet gives a frame: it is neither empty, nor cut off by an edit list, nor hidden."""
    if not packet.size or packet.is_discard:
        return False
    if packet.stream.codec_context.name == "vp8":
        # RFC 6386, 9.1: VP8 has frames that are only referred to. Their bit show_frame is 0.
        return bool(memoryview(packet)[0] & 0x10)
    return True


def _usual_duration(starts: tuple[int, ...], stream: VideoStream) -> int:
    """Ticks of the last frame, if its packet does not say: as long as the frame before."""
    if len(starts) > 1:
        return starts[-1] - starts[-2]
    return max(1, round(1 / ((stream.average_rate or 25) * (stream.time_base or 1))))
