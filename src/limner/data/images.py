"""Read one picture file as an upright RGB picture, or give a reason why not.

Folders of pictures hold files of every kind: phone photos stored on their side, cut-outs, 16-bit
scans, panoramas of 20,000 pixels, truncated downloads, and text files with the name of a picture. The
content decides what kind a file is; its suffix only says whether it is meant to be a picture.

Decisions:
- Transparent parts become white: cut-outs and drawings are made for paper and pages.
- Only the first page of a file is read. `limner.data.animations` reads all frames of an animation.
- Colours with a profile are converted to sRGB; colours without one are assumed to be sRGB.
"""

import io
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError, features
from PIL.JpegImagePlugin import jpeg_factory

from limner import mark
from limner.data import heic, kinds
from limner.decoders import IMAGE_FAULTS
from limner.errors import first_line

MAX_ASPECT_RATIO = 4
"""Largest ratio of the long side to the short side; only the middle of a longer picture is kept."""

_ANIMATED_FORMATS = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
_PAGED_FORMATS = frozenset({"TIFF", "HEIF"})  # in an MPO, the others are previews and maps of depth
_FORMATS: tuple[str, ...] = (
    "PNG",
    "WEBP",
    "GIF",
    "TIFF",
    "BMP",
    *(("AVIF",) if features.check("avif") else ()),
)
_ORIENTATION = 0x0112  # the EXIF tag
_TRANSPOSITIONS = {  # `ImageOps.exif_transpose` also rewrites the EXIF, which fails if that is broken
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MAX_PIXELS = 180_000_000
_LARGE_PIXELS = 40_000_000
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

# Decoding one huge picture takes hundreds of megabytes, so only one thread does it at a time.
_large_image_lock = threading.Lock()

# `_MAX_PIXELS` limits the number of pixels, with a sentence instead of a warning.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# A broken file is skipped with a sentence, or is harmless; a warning would disturb the progress bar.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")


class UnreadableFile(Exception):
    """A file is skipped; the message continues a sentence that begins with the file's name."""


class UnreachableFile(UnreadableFile):
    """A file cannot be opened now; a later attempt may succeed."""


@dataclass(frozen=True)
class ResizePlan:
    """How a picture is cropped and resized for the store."""

    box: tuple[float, float, float, float]
    """The part to keep: left, top, right, bottom, in pixels of the source."""
    width: int
    height: int
    """The size in the store; the shorter side is the store's short side."""
    enlarged: bool
    """Whether the source is smaller than the store's short side."""
    trimmed: bool
    """Whether the source is longer than `MAX_ASPECT_RATIO` times its short side."""


@dataclass(frozen=True)
class ImageInfo:
    """What a picture's file says of it, without decoding."""

    size: tuple[int, int]
    """Width and height in pixels, upright."""
    decoded_size: tuple[int, int]
    """Width and height of what `read_image` gives."""
    is_animated: bool
    """Whether it is an animation of several frames."""
    has_more_pages: bool
    """Whether it is the first of several pages."""
    mark: mark.Kind | None
    """What limner wrote it as."""


def plan_resize(width: int, height: int, short_side: int) -> ResizePlan:
    """Plan to resize a picture of width x height pixels to a short side; crop it if it is too long."""
    short = min(width, height)
    kept_width, kept_height = min(width, MAX_ASPECT_RATIO * short), min(height, MAX_ASPECT_RATIO * short)
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    scale = short_side / short
    return ResizePlan(
        box=(left, top, left + kept_width, top + kept_height),
        width=round(kept_width * scale),
        height=round(kept_height * scale),
        enlarged=short < short_side,
        trimmed=(kept_width, kept_height) != (width, height),
    )


def resize(image: Image.Image, plan: ResizePlan) -> Image.Image:
    """Crop and resize an RGB picture with an antialiased Lanczos filter."""
    size = (plan.width, plan.height)
    return image.resize(size, Image.Resampling.LANCZOS, box=plan.box, reducing_gap=3.0)


def inspect_image(path: Path, *, at_least: int) -> ImageInfo:
    """What the file says of its picture, and what `read_image` would give; decodes nothing.

    Raises `UnreadableFile` as `read_image` does, except for damage.
    """
    with open_image(path) as image:
        size = _upright_size(image)
        written_as = mark.image_mark(image)
        has_more = _has_more_frames(image)
        _draft(image, at_least)
        return ImageInfo(
            size=size,
            decoded_size=_upright_size(image),
            is_animated=has_more and image.format in _ANIMATED_FORMATS,
            has_more_pages=has_more and image.format in _PAGED_FORMATS,
            mark=written_as,
        )


def read_image(path: Path, *, at_least: int) -> Image.Image:
    """Decode a picture as upright 8-bit RGB.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size if both its sides stay at `at_least` pixels or more.
    A photo of 200 million pixels thus needs little memory.

    Raises `UnreadableFile` if the file is not a picture, is damaged or cut off, or needs too much memory.
    """
    with open_image(path) as image:
        _draft(image, at_least)
        is_large = image.width * image.height > _LARGE_PIXELS
        with _large_image_lock if is_large else nullcontext():
            try:
                image.load()
                return to_upright_rgb(image)
            except IMAGE_FAULTS as error:
                raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error


def read_opacity(path: Path) -> Image.Image | None:
    """How opaque the pixels of a picture are, upright, as 8-bit grey; None if it has no transparent ones.

    Raises `UnreadableFile` as `read_image` does.
    """
    with open_image(path) as image:
        _draft(image, image.width)
        try:
            image.load()
            if not image.has_transparency_data:
                return None
            opacity = image.convert("RGBA").getchannel("A")
        except IMAGE_FAULTS as error:
            raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error
        transposition = _TRANSPOSITIONS.get(_orientation(image))
        upright = opacity if transposition is None else opacity.transpose(transposition)
        return None if upright.getextrema() == (255, 255) else upright


@contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """Open a picture without decoding it. Raises `UnreadableFile` if it is not a picture."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreachableFile(f"cannot be opened ({error.strerror})") from error
    with file:
        yield _identify(file, path)


def _identify(file: BinaryIO, path: Path) -> Image.Image:
    try:
        head = file.read(kinds.HEAD_BYTES)
        file.seek(0)
    except OSError as error:
        raise UnreachableFile(f"cannot be read ({error.strerror})") from error
    if not head:
        raise UnreadableFile("is an empty file")
    kind = kinds.identify(head, path.suffix.lower())
    if isinstance(kind, kinds.ForeignKind):
        raise UnreadableFile(kind.reason)
    formats = _FORMATS
    if kind == "image" and head[4:8] == b"ftyp" and heic.is_available():
        heic.register()
        formats = (*_FORMATS, "HEIF")
    try:
        # `Image.open` refuses a large JPEG before it can be set to decode at a smaller size.
        if head.startswith(b"\xff\xd8\xff"):
            return jpeg_factory(file, str(path))
        return Image.open(file, formats=formats)
    except Image.DecompressionBombError as error:
        raise UnreadableFile("has more pixels than fit in memory: make it smaller") from error
    except UnidentifiedImageError as error:
        is_picture = kinds.identify(head, suffix="") == "image"
        reason = "is damaged or cut off" if is_picture else kinds.describe_unknown(head)
        raise UnreadableFile(reason) from error
    except IMAGE_FAULTS as error:
        raise UnreadableFile(f"is damaged or cut off ({first_line(error)})") from error


def _draft(image: Image.Image, at_least: int) -> None:
    """Let a JPEG be decoded smaller. Raises `UnreadableFile` if decoding takes too much memory even so."""
    image.draft("RGB", (at_least, at_least))
    pixels = image.width * image.height
    if pixels > _MAX_PIXELS or _is_progressive_too_large(image):
        raise UnreadableFile(
            f"has {pixels / 1e6:,.0f} million pixels, more than fit in memory: make it smaller"
        )


def _has_more_frames(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "n_frames", 1) > 1)
    except IMAGE_FAULTS:
        return False  # the rest of the file is broken, but the first picture may be intact


def _is_progressive_too_large(image: Image.Image) -> bool:
    """Whether a JPEG needs too much memory even when decoded small.

    A progressive JPEG keeps all its coefficients in memory.
    """
    scale = getattr(image, "decoderconfig", ()) or (1,)
    full = image.width * image.height * max(int(scale[0]), 1) ** 2
    return bool(image.info.get("progressive")) and full > _MAX_PIXELS


def to_upright_rgb(image: Image.Image) -> Image.Image:
    """A decoded picture upright, in 8-bit sRGB; transparent parts become white."""
    profile = image.info.get("icc_profile")
    # Transpose only if needed: it copies the picture, and a panorama may have 300 MB.
    transposition = _TRANSPOSITIONS.get(_orientation(image))
    upright = image if transposition is None else image.transpose(transposition)
    colour = _flatten_alpha(_to_8_bits(upright))
    if colour.mode in {"RGB", "CMYK"} and isinstance(profile, bytes):
        colour = _to_srgb(colour, profile)
    return colour if colour.mode == "RGB" else colour.convert("RGB")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) in {5, 6, 7, 8} else (width, height)


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except IMAGE_FAULTS:
        return 1  # the EXIF is broken, but the picture may be intact
    return orientation if isinstance(orientation, int) else 1


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit or float grey to 8-bit grey; Pillow itself would clip at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif image.mode == "I" and low >= 0:
        low, high = 0.0, next((top for top in (255.0, 65535.0) if high <= top), high)
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scaled = (values - low) * (255 / max(high - low, math.ulp(1.0)))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _flatten_alpha(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode in {"P", "1", "L"} else image
    rgba = image.convert("RGBA")
    background = Image.new("RGB", rgba.size, "white")
    background.paste(rgba, mask=rgba.getchannel("A"))
    return background


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # The profile is broken or of another colour space: keep the colours as they are.
        return image
    return converted or image
