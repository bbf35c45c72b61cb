"""What the decoders of strangers' files may open, and what they may raise: FFmpeg and Pillow."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

IMAGE_FAULTS = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError),
    *(AttributeError, RuntimeError, struct.error),
)
"""What Pillow and its plugins raise for damaged files: the one for AVIF a RuntimeError, others what Python
itself raises on the way. `DecompressionBombError` is apart, because it has a sentence of its own."""

_VIDEO_OPTIONS = {
    # A playlist or a script under a video's name would open other files and addresses, and wait for pipes.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,matroska,webm,avi,asf,flv,ogg,mpeg,mpegts,mpegvideo,mp3,aac,flac,wav",
    # Some old files have no time to show a frame, only a time to decode it.
    "fflags": "+genpts",
}
"""FFmpeg's options: video containers, and sound so that the report can call it that; files only."""


def open_video(path: Path) -> Any:
    """PyAV's container of a regular file. Raises `av.FFmpegError`, ValueError or OSError."""
    import av

    # An absolute path, because FFmpeg takes the relative path `12:30.mp4` for an address.
    return av.open(str(path.absolute()), options=_VIDEO_OPTIONS, metadata_errors="replace")
