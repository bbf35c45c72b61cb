"""Paint pictures, clips and folders of pictures through a look, without a browser.

```python
report = paint_file(open_look(Path("clouds.onnx")), Path("photo.jpg"), live={"brightness": 0.1})
```

Without `out` the painting is written beside its source, as `photo-painted.png`, or with a number where that
name is taken. An `out` that exists is refused unless `force` is set. A source is never overwritten.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from PIL import Image

from limner.data.arrays import center_crop, to_image
from limner.data.decode import is_clip, measure_clip, read_clip
from limner.data.images import UnreadableFile, read_image
from limner.data.kinds import LIMNER_KINDS
from limner.data.sources import Source, find_source, scan
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_file, atomic_write
from limner.live import ELAPSED, clip_seconds
from limner.look.filters import choose_filters, with_filters
from limner.look.look import Look
from limner.look.video_writer import MAX_SIDE, video_writer
from limner.mark import read_image_mark, read_video_mark, save_options
from limner.progress import Progress, no_progress
from limner.replacing import check_no_source, check_place

PILLOW_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Suffixes of paintings, and Pillow's names of their formats."""

CLIP_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
"""Suffixes of painted clips: containers that hold H.264."""

MAX_PAINTED_PIXELS = 100_000_000
"""Pixels of a painting with `whole`: some 600 MB in memory while it is made."""

_MAX_SIDES = {"JPEG": 65_500, "WEBP": 16_383, "H.264": MAX_SIDE}
"""Most pixels of a painting's side, by format."""


@dataclass(frozen=True)
class PaintReport:
    """What was painted. A reason continues a sentence that begins with the file's name."""

    paintings: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...] = ()
    """Pictures and clips of a folder that were not painted, each with the reason."""
    damaged: tuple[tuple[Path, str], ...] = ()
    """A clip that was painted in part, with what is left out."""


def paint_file(
    look: Look,
    source: Path,
    out: Path | None = None,
    *,
    live: Mapping[str, float] | None = None,
    whole: bool = False,
    beside: bool = False,
    force: bool = False,
    progress: Progress = no_progress,
) -> PaintReport:
    """Paint a picture, a clip or a folder of pictures.

    The middle is painted, as on the page: of most networks a square. `whole` squeezes the whole picture
    into that shape and stretches the painting back. `beside` puts the network's input to the left of its
    painting. A picture becomes a PNG (or JPEG or WebP by `out`'s suffix). A clip or an animated picture
    becomes H.264 without sound; its frames keep their times. A folder (searched recursively) becomes a
    folder of the same structure. `live` holds values as in `look.live`, and of filters, which are then
    turned on. A look with state keeps it over the frames of a clip and begins anew with each file.

    Raises LimnerError for a source that cannot be read, an `out` that exists, and full or read-only disks.
    """
    values = dict(live or {})
    filters = choose_filters(look, values)
    values = {name: value for name, value in values.items() if name in filters or name not in look.filters}
    look = with_filters(look, filters)
    look.to_graph_inputs(values)  # raises before anything is decoded
    paint = Painter(look, values, whole=whole, beside=beside)
    return paint_file_with(paint, source, out, force=force, progress=progress)


class PicturePainter(Protocol):
    """What paints pictures of any size."""

    @property
    def at_least(self) -> int:
        """Pixels that both sides of a picture keep where it is decoded smaller, as `read_image` has it."""

    def begin(self) -> None:
        """Called before each picture or clip: what was painted before is forgotten."""

    def begin_frame(self, seconds: float) -> None:
        """Called before each frame of a clip, with the time at which the clip shows it."""

    def check_size(self, size: tuple[int, int], painting_format: str) -> None:
        """Raise `UnreadableFile` for a picture of this width and height whose painting is too large."""

    def __call__(self, image: Image.Image) -> Image.Image:
        """The painting of an RGB picture."""


@dataclass(frozen=True)
class Wording:
    """What people read of a painter's work."""

    ending: str
    """Of the names of files without an `out`, as in `photo-painted.png`."""
    progress: str
    """What is counted: pictures of a folder, frames of a clip."""
    infinitive: str
    """What is done to a picture."""


PAINTING = Wording("painted", "Painting", "paint")


def paint_file_with(
    paint: PicturePainter,
    source: Path,
    out: Path | None = None,
    *,
    words: Wording = PAINTING,
    force: bool = False,
    progress: Progress = no_progress,
) -> PaintReport:
    """As `paint_file`, with any painter, whose work is called by these words."""
    if not source.exists():
        raise LimnerError(f"{source} does not exist.")
    if source.is_dir():
        target = choose_target(source, out, (), ending=words.ending, force=force)
        return _paint_folder(paint, source, target, words, progress)
    with _unreadable_errors(source):
        file = find_source(source)
        if is_clip(file):
            target = choose_target(source, out, CLIP_SUFFIXES, ending=words.ending, force=force)
            left_out = _paint_clip(paint, file, target, words, progress)
            return PaintReport((target,), damaged=((source, left_out),) if left_out else ())
        target = choose_target(source, out, tuple(PILLOW_FORMATS), ending=words.ending, force=force)
        _paint_picture(paint, source, target)
        return PaintReport((target,))


@dataclass
class Painter:
    """A look with the options that decide how it paints a picture."""

    look: Look
    live: Mapping[str, float]
    whole: bool
    beside: bool
    _elapsed: dict[str, float] = field(default_factory=dict, init=False)
    """Seconds since the last frame of a clip, where the look asks for them."""
    _shown_at: float | None = field(default=None, init=False)

    @property
    def at_least(self) -> int:
        """The longer side of the painting in pixels."""
        return self.look.pixels

    def begin(self) -> None:
        """Let the look's state begin anew."""
        self.look.reset_state()
        self._elapsed, self._shown_at = {}, None

    def begin_frame(self, seconds: float) -> None:
        """Tell the look how long the frame before was shown."""
        if ELAPSED in self.look.live and self._shown_at is not None:
            self._elapsed = {ELAPSED: clip_seconds(seconds - self._shown_at)}
        self._shown_at = seconds

    def __call__(self, image: Image.Image) -> Image.Image:
        """The painting of an RGB picture of any size."""
        height, width = self.look.shape
        part = center_crop(image, (width, height), whole=self.whole)
        painting, guide = self.look.paint_and_guide(part, **{**self._elapsed, **self.live})
        if self.beside:
            return _join_side_by_side(
                self._restore_shape(to_image(guide), image.size),
                self._restore_shape(to_image(painting), image.size),
            )
        return self._restore_shape(to_image(painting), image.size)

    def check_size(self, size: tuple[int, int], painting_format: str) -> None:
        """Raise `UnreadableFile` for a picture of this width and height whose painting is too long."""
        if not self.whole:
            return
        width, height = self._whole_size(size)
        width *= 1 + self.beside
        max_side = _MAX_SIDES.get(painting_format)
        if width * height > MAX_PAINTED_PIXELS:
            limit = f"more than {MAX_PAINTED_PIXELS // 10**6} million"
        elif max_side is not None and max(width, height) > max_side:
            limit = f"and {painting_format} takes {max_side:,} a side"
        else:
            return
        raise UnreadableFile(
            f"is too long for --whole: its painting would have {width:,} x {height:,} pixels, {limit}. "
            "Paint it without --whole"
        )

    def _restore_shape(self, painting: Image.Image, size: tuple[int, int]) -> Image.Image:
        """With `whole`: stretch the painting to the aspect of the picture of this size."""
        if not self.whole:
            return painting
        return painting.resize(self._whole_size(size), Image.Resampling.BICUBIC)

    def _whole_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The look's short side becomes the short side. Both are even, for H.264."""
        short = min(self.look.shape)
        width, height = (2 * round(side * short / min(size) / 2) for side in size)
        return width, height


def _join_side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width, right.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


def _paint_picture(paint: PicturePainter, source: Path, target: Path) -> None:
    paint.begin()
    image = read_image(source, at_least=paint.at_least)
    buffer = io.BytesIO()
    image_format = PILLOW_FORMATS[target.suffix.lower()]
    paint.check_size(image.size, image_format)
    paint(image).save(buffer, image_format, quality=92, **save_options(image_format, "painting"))
    atomic_write(target, buffer.getvalue())


def _paint_folder(
    paint: PicturePainter, source: Path, target: Path, words: Wording, progress: Progress
) -> PaintReport:
    found, skipped = _find_pictures(source, target, words)
    if not found:
        example = printable(f"; {skipped[0][0].name} {skipped[0][1]}") if skipped else ""
        raise LimnerError(f"{printable(source)} has no pictures to {words.infinitive}{example}.")
    names = {path: _painting_names(target / path.relative_to(source)) for path in found}
    check_no_source((painting for pair in names.values() for painting in pair), found)
    for painting, _ in names.values():
        check_place(painting)
    paintings: list[Path] = []
    for number, path in enumerate(found):
        progress(number, len(found), words.progress)
        painting, second = names[path]
        if painting in paintings:  # a.jpg and a.png
            painting = second
        try:
            _paint_picture(paint, path, painting)
            paintings.append(painting)
        except UnreadableFile as error:
            skipped.append((path, str(error)))
    progress(len(found), len(found), words.progress)
    if not paintings:
        path, reason = skipped[0]
        raise LimnerError(printable(f"None of the pictures in {source} can be read; {path.name} {reason}."))
    return PaintReport(tuple(paintings), tuple(skipped))


def _painting_names(path: Path) -> tuple[Path, Path]:
    """The names of a painting for a picture's place in the target: the first, and one where it is taken."""
    return path.with_suffix(".png"), path.with_name(f"{path.name}.png")


def _find_pictures(folder: Path, target: Path, words: Wording) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The pictures in a folder, searched recursively, and the skipped files with the reason."""
    found = scan(folder)
    pictures: list[Path] = []
    skipped = [(folder / name, reason) for name, reason in found.skipped]
    for source in found.sources:
        is_video = source.kind == "video"
        mark = read_video_mark(source.path) if is_video else read_image_mark(source.path)
        if mark is not None and mark in LIMNER_KINDS:
            # The paintings may be written into this very folder.
            if not source.path.resolve().is_relative_to(target.resolve()):
                skipped.append((source.path, LIMNER_KINDS[mark].reason))
        elif _is_known_clip(source):
            skipped.append((source.path, f"is a clip: {words.infinitive} it separately"))
        else:
            pictures.append(source.path)
    return pictures, skipped


def _is_known_clip(source: Source) -> bool:
    """Whether a source is a clip. Of one that cannot be read, the attempt to paint it says why."""
    with suppress(UnreadableFile):
        return is_clip(source)
    return False


def _paint_clip(
    paint: PicturePainter, source: Source, target: Path, words: Wording, progress: Progress
) -> str:
    """Paint each frame of a clip at its own time. Returns what the clip could not give, or nothing."""
    paint.begin()
    clip = measure_clip(source)
    frames = read_clip(source, clip.frames)
    frame = next(frames)
    paint.check_size(frame.image.size, "H.264")
    paint.begin_frame(frame.seconds)
    painting = paint(frame.image)
    # The encoder plans with a rate; what it writes are the frames' own times.
    rate = max(Fraction(clip.frames / clip.seconds).limit_denominator(1001), Fraction(1, 1001))
    with (
        atomic_file(target) as file,
        video_writer(file, target.suffix.lower(), painting.size, rate) as write_frame,
    ):
        for number, following in enumerate(frames, start=1):
            write_frame(painting, frame.seconds, following.seconds)
            progress(number, clip.frames, words.progress)
            paint.begin_frame(following.seconds)
            frame, painting = following, paint(following.image)
        write_frame(painting, frame.seconds, clip.seconds)
    progress(clip.frames, clip.frames, words.progress)
    return frames.left_out


def choose_target(
    source: Path, out: Path | None, suffixes: tuple[str, ...], *, ending: str = "painted", force: bool
) -> Path:
    """Where to write. `suffixes` are those allowed, the default first; a folder has none.

    Raises LimnerError for another suffix, an `out` that exists, and one that is the source itself.
    """
    default = f"{source.resolve().stem if suffixes else source.resolve().name}-{ending}"
    suffix = suffixes[0] if suffixes else ""
    if out is None:
        out = _find_free_name(source.resolve().parent, default, suffix, force)
        check_no_source([out], [source])
        if suffixes:
            check_place(out)
        return out
    if suffixes and out.is_dir():
        out = out / f"{default}{suffix}"
    if suffixes and out.suffix.lower() not in suffixes:
        raise LimnerError(f"{out} has no suffix that can be written; choose one of {', '.join(suffixes)}.")
    check_no_source([out], [source])
    if suffixes:
        check_place(out)
    elif os.path.lexists(out) and not out.is_dir():
        raise LimnerError(f"{out} is a file; give --out the name of a folder.")
    # Paintings of before are not replaced either: each may be the only one of its look.
    if not force and os.path.lexists(out) and (suffixes or any(out.iterdir())):
        raise LimnerError(f"{out} exists; add --force to replace it, or choose another --out.")
    return out


def _find_free_name(folder: Path, name: str, suffix: str, force: bool) -> Path:
    path, count = folder / f"{name}{suffix}", 2
    while os.path.lexists(path) and not force:
        path, count = folder / f"{name}-{count}{suffix}", count + 1
    return path


@contextmanager
def _unreadable_errors(source: Path) -> Iterator[None]:
    """Raise LimnerError with the source's name where it cannot be read."""
    try:
        yield
    except UnreadableFile as error:
        raise LimnerError(f"{source} {error}.") from error
