"""The mark in every picture and film that limner writes: that limner wrote the file, and what it is.

PNG has it as the text `Software`, JPEG and GIF as their comment, WebP as the EXIF tag `Software`, videos as
the container's tag `comment`. A file with a mark may be replaced by its own command, except a painting: it
may be the only one of its look. Marked files are never training pictures, except drawings: the demo learns
from those.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from limner import __version__
from limner.decoders import IMAGE_FAULTS, open_video

if TYPE_CHECKING:
    from PIL import Image

Kind = Literal["painting", "contact sheet", "sample sheet", "film", "preview", "drawing"]

VIDEO_TAG = "comment"
"""The tag of a container's metadata that holds the mark."""

_MARK = re.compile(rf"limner [\w.+-]+: ({'|'.join(get_args(Kind))})")
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_SOFTWARE = 0x0131  # the EXIF tag


def make_mark(kind: Kind) -> str:
    """Such as `limner 0.1.0: painting`."""
    return f"limner {__version__}: {kind}"


def save_options(image_format: str, kind: Kind) -> dict[str, Any]:
    """The options of Pillow's `save` that write the mark; the format is PNG, JPEG, GIF or WEBP."""
    from PIL import Image, PngImagePlugin

    match image_format:
        case "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_text("Software", make_mark(kind))
            return {"pnginfo": text}
        case "WEBP":
            exif = Image.Exif()
            exif[_SOFTWARE] = make_mark(kind)
            return {"exif": exif}
        case "JPEG" | "GIF":
            return {"comment": make_mark(kind)}
        case _:
            raise ValueError(image_format)


def read_image_mark(path: Path) -> Kind | None:
    """What limner says that this picture is; None if it has no mark or cannot be opened."""
    from PIL import Image

    with suppress(*IMAGE_FAULTS, Image.DecompressionBombError):
        if path.is_file():  # a pipe would be waited for, for ever
            with Image.open(path, formats=_FORMATS) as image:
                return image_mark(image)
    return None


def is_replaceable(path: Path, kind: Kind) -> bool:
    """Whether a picture of this kind may be written to `path`: nothing is there, or one with this mark."""
    return not os.path.lexists(path) or read_image_mark(path) == kind


def image_mark(image: Image.Image) -> Kind | None:
    """What limner says that this opened picture is; None if it has no mark."""
    software = image.info.get("Software")
    if image.format == "WEBP":
        with suppress(*IMAGE_FAULTS):
            software = image.getexif().get(_SOFTWARE)
    return parse_mark(software) or parse_mark(image.info.get("comment"))


def read_video_mark(path: Path) -> Kind | None:
    """What limner says that this video is; None if it has no mark or cannot be opened."""
    import av

    with suppress(av.FFmpegError, ValueError, OSError):
        if path.is_file():
            with open_video(path) as container:
                return parse_mark({k.lower(): v for k, v in container.metadata.items()}.get(VIDEO_TAG))
    return None


def parse_mark(text: object) -> Kind | None:
    """The kind in a mark; None for any other text or bytes."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    found = _MARK.fullmatch(text.rstrip("\0")) if isinstance(text, str) else None
    return found[1] if found else None  # type: ignore[return-value]
