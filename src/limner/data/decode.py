"""Read one source of a data set and judge it. The store and the doctor share this, so they agree."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from PIL import Image

from limner.data import animations, videos
from limner.data.images import (
    ResizePlan,
    UnreachableFile,
    UnreadableFile,
    inspect_image,
    plan_resize,
    read_image,
)
from limner.data.kinds import LIMNER_KINDS
from limner.data.sources import Source
from limner.data.store import StoreSettings
from limner.errors import LimnerError
from limner.mark import Kind, read_video_mark

_ASPECT_TOLERANCE = 1.05


@dataclass(frozen=True)
class Still:
    """One decoded picture."""

    image: Image.Image
    """RGB, upright; a JPEG may be decoded at a part of its size."""
    input: Image.Image | None
    """The input of the pair."""
    size: tuple[int, int]
    """Width and height in the file, in pixels."""
    plan: ResizePlan
    """How the store crops and resizes the picture, decoded as large as the store needs it."""
    has_more_pages: bool
    """Whether the file has more pages than this one."""


@dataclass(frozen=True)
class DecodedFile:
    """One source."""

    content: str
    """Hash of its bytes (and its partner's): two files with the same hash are copies."""
    split: str
    """Hash of its own bytes."""
    still: Still | None
    """None for a clip, which is a video or an animated picture: `ClipReader` reads its frames."""


@dataclass(frozen=True)
class ClipSquare:
    """One picture from a clip."""

    name: str
    """The source's name, with the time and the part of the frame."""
    image: Image.Image
    position: Fraction
    """The share of the clip's frames that come before its frame. Not the share of the time: a frame may be
    shown for half of it."""


def decode_source(source: Source, settings: StoreSettings, *, at_least: int | None = None) -> DecodedFile:
    """Read one source (and its partner), as large as the store needs it; of a clip only the bytes' hash.

    With `at_least`, a JPEG may be decoded smaller, as in `limner.data.images.read_image`. The verdict is
    the same for every size.

    Raises `UnreadableFile` for a file that cannot be read or must not be learned from.
    """
    split = _hash_file(source.path)
    if source.kind == "video":
        _refuse_own(read_video_mark(source.path))
        return DecodedFile(split, split, None)
    store_side = 2 * settings.short_side  # shrinking a JPEG decoded at twice the size is sharper
    decode_side = store_side if at_least is None else min(at_least, store_side)
    halves = 2 if settings.pairs in {"left", "right"} else 1
    info = inspect_image(source.path, at_least=halves * store_side)
    _refuse_own(info.mark)
    if info.is_animated:
        if settings.pairs != "none":
            raise UnreadableFile("is animated, but pairs are made of still pictures")
        return DecodedFile(split, split, None)
    (width, height), (decoded_width, decoded_height) = info.size, info.decoded_size
    if width < halves:
        raise UnreadableFile("is too narrow to hold a picture on each side")
    content = split
    image, input_image = read_image(source.path, at_least=halves * decode_side), None
    if settings.pairs in {"left", "right"}:
        image, input_image = _split_halves(image, settings.pairs)
    elif source.partner is not None:
        content = hash_text(split + _hash_file(source.partner))
        input_image = _read_partner(source.partner, info.size, store_side, decode_side)
    still = Still(
        image=image,
        input=input_image,
        size=(width // halves, height),
        plan=plan_resize(decoded_width // halves, decoded_height, settings.short_side),
        has_more_pages=info.has_more_pages,
    )
    return DecodedFile(content, split, still)


def is_clip(source: Source) -> bool:
    """Whether a source has frames: a video, or an animated picture. Raises `UnreadableFile`."""
    return source.kind == "video" or inspect_image(source.path, at_least=1).is_animated


def is_still(source: Source) -> bool:
    """Whether a source is a still picture that limner did not make of others. Raises `UnreadableFile`."""
    if source.kind == "video":
        return False
    info = inspect_image(source.path, at_least=1)
    return not info.is_animated and info.mark not in LIMNER_KINDS


def measure_clip(source: Source) -> videos.Clip:
    """Length of a video or an animated picture. Raises `UnreadableFile`."""
    measure = videos.measure_video if source.kind == "video" else animations.measure_animation
    return measure(source.path)


def read_clip(source: Source, frames: int) -> videos.FrameReader | animations.AnimationReader:
    """At most `frames` frames of a video or an animated picture, evenly spread over it.

    Raises `LimnerError` for a number below 1. `next` raises `UnreadableFile` if no frame can be read.
    """
    if frames < 1:
        raise LimnerError("The number of frames must be 1 or more.")
    read = videos.FrameReader if source.kind == "video" else animations.AnimationReader
    return read(source.path, frames)


class ClipReader(Iterator[tuple[ClipSquare, ...]]):
    """The squares of each of at most `frames` frames of a video or an animated picture.

    `next` raises `UnreadableFile` if no frame can be read.
    """

    def __init__(self, source: Source, clip: videos.Clip, frames: int) -> None:
        self._name = source.name
        self._clip = clip
        self._frames = read_clip(source, frames)

    def __next__(self) -> tuple[ClipSquare, ...]:
        frame = next(self._frames)
        return tuple(
            ClipSquare(
                name=f"{self._name} at {frame.seconds:.2f} s"
                + (f", {square.where}" if square.where else ""),
                image=frame.image.crop(square.box),
                position=Fraction(frame.index, self._clip.frames),
            )
            for square in videos.plan_squares(*frame.image.size)
        )

    @property
    def left_out(self) -> str:
        """What damage cost, or empty: known after the last frame; continues a sentence after the name."""
        return self._frames.left_out


def hash_text(text: str) -> str:
    """16 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _hash_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=8)).hexdigest()
    except OSError as error:
        raise UnreachableFile(f"cannot be opened ({error.strerror})") from error


def _refuse_own(mark: Kind | None) -> None:
    """Raise `UnreadableFile` for what limner wrote: a network that learns from itself fades."""
    if mark is not None and mark in LIMNER_KINDS:
        raise UnreadableFile(LIMNER_KINDS[mark].reason)


def _split_halves(image: Image.Image, side: str) -> tuple[Image.Image, Image.Image]:
    """The target half and the input half of a picture."""
    half = max(1, image.width // 2)
    left = image.crop((0, 0, half, image.height))
    right = image.crop((image.width - half, 0, image.width, image.height))
    return (right, left) if side == "left" else (left, right)


def _read_partner(path: Path, size: tuple[int, int], store_side: int, decode_side: int) -> Image.Image:
    """The input of a target of this size; their resolutions may differ, their shapes not."""
    try:
        info = inspect_image(path, at_least=store_side)
        if info.is_animated:
            raise UnreadableFile("is animated")
        image = read_image(path, at_least=decode_side)
    except UnreadableFile as error:
        raise type(error)(f"has a partner, {path.name}, which {error}") from error
    (width, height), (input_width, input_height) = size, info.size
    if not 1 / _ASPECT_TOLERANCE < (input_width / input_height) / (width / height) < _ASPECT_TOLERANCE:
        raise UnreadableFile(
            f"is {width} x {height} and its input {input_width} x {input_height}: "
            "both pictures of a pair need the same shape"
        )
    return image
