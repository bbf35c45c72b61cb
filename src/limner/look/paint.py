"""Paint: pictures, clips and folders of pictures through a look, without a browser.

```python
report = paint_file(open_look(Path("clouds.onnx")), Path("photo.jpg"), live={"brightness": 0.1})
```

Without `out` the painting lies beside its source, as `photo-painted.png`, with a number where that name
is taken. An `out` that exists is refused unless `force`. A source is never overwritten.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from PIL import Image

from limner.data import images, videos
from limner.data.arrays import center_crop, to_image
from limner.data.images import UnreadableFile
from limner.errors import LimnerError
from limner.files import atomic_file, atomic_write
from limner.look.look import Look
from limner.progress import Progress, no_progress

KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Suffixes of paintings, and Pillow's names for them."""

CLIP_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
"""Suffixes of painted clips: containers that hold H.264."""

TICKS = 90_000
"""A painted clip's clock, per second, as in broadcasting: frames keep their times, even if uneven."""


@dataclass(frozen=True)
class PaintReport:
    """What was painted."""

    paintings: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...] = ()
    """Of a folder: pictures and clips that were not painted, with words that continue a sentence begun by
    its name."""


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

    The middle square is painted, as the page does; `whole` squeezes all of the picture into the square
    and stretches the painting back. `beside` puts what the network saw to the left of its painting.
    A picture becomes a PNG (or JPEG or WebP by `out`'s suffix), a clip H.264 without sound and with its
    frames' times, a folder (searched through and through) a folder of the same form. `live` are values as
    in `look.live`.

    Raises LimnerError for a source that cannot be read, an `out` that exists, and full or read-only disks.
    """
    values = dict(live or {})
    look.live_values(values)  # complains before anything is decoded
    paint = Painter(look, values, whole=whole, beside=beside)
    if not source.exists():
        raise LimnerError(f"{source} does not exist.")
    if source.is_dir():
        return _paint_folder(paint, source, _choose_target(source, out, (), force), progress)
    if source.suffix.lower() in videos.SUFFIXES:
        target = _choose_target(source, out, CLIP_SUFFIXES, force)
        with _sentences(source):
            _paint_clip(paint, source, target, progress)
    else:
        target = _choose_target(source, out, tuple(KINDS), force)
        with _sentences(source):
            _paint_picture(paint, source, target)
    return PaintReport((target,))


@dataclass(frozen=True)
class Painter:
    """A look with everything that decides how it paints a picture."""

    look: Look
    live: Mapping[str, float]
    whole: bool
    beside: bool

    def __call__(self, image: Image.Image) -> Image.Image:
        """The painting of an RGB picture of any size."""
        square = center_crop(image, self.look.pixels, whole=self.whole)
        painting, guide = self.look.paint_and_guide(square, **self.live)
        if self.beside:
            return _join_side_by_side(
                self._stretched(to_image(guide), image), self._stretched(to_image(painting), image)
            )
        return self._stretched(to_image(painting), image)

    def _stretched(self, square: Image.Image, image: Image.Image) -> Image.Image:
        """Of a whole picture: its shape again, with the square's side for its short one."""
        if not self.whole:
            return square
        scale = square.width / min(image.size)
        # Even sides: H.264 halves the colours' resolution.
        width, height = (2 * round(side * scale / 2) for side in image.size)
        return square.resize((width, height), Image.Resampling.BICUBIC)


def _join_side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width, right.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


def _paint_picture(paint: Painter, source: Path, target: Path) -> None:
    image = images.read_image(source, at_least=paint.look.pixels)
    buffer = io.BytesIO()
    paint(image).save(buffer, KINDS[target.suffix.lower()], quality=92)
    atomic_write(target, buffer.getvalue())


def _paint_folder(paint: Painter, source: Path, target: Path, progress: Progress) -> PaintReport:
    found, passed_over = _pictures_in(source, target)
    if not found:
        others = f"; {passed_over[0][0].name} {passed_over[0][1]}" if passed_over else ""
        raise LimnerError(f"{source} has no pictures{others}.")
    paintings: list[Path] = []
    for number, path in enumerate(found):
        progress(number, len(found), "Painting")
        painting = target / path.relative_to(source).with_suffix(".png")
        if painting in paintings:  # a.jpg and a.png
            painting = painting.with_name(f"{path.name}.png")
        try:
            _paint_picture(paint, path, painting)
            paintings.append(painting)
        except UnreadableFile as error:
            passed_over.append((path, str(error)))
    progress(len(found), len(found), "Painting")
    if not paintings:
        path, reason = passed_over[0]
        raise LimnerError(f"None of the pictures in {source} can be read; {path.name} {reason}.")
    return PaintReport(tuple(paintings), tuple(passed_over))


def _pictures_in(folder: Path, target: Path) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The pictures of a folder and the folders in it, and what is meant to be one and cannot be painted."""
    found: list[Path] = []
    passed_over: list[tuple[Path, str]] = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        # Paintings may have been wished for in the very folder.
        if hidden or path.is_relative_to(target) or not path.is_file():
            continue
        suffix = path.suffix.lower()
        if suffix in images.SUFFIXES:
            found.append(path)
        elif suffix in videos.SUFFIXES:
            passed_over.append((path, "is a clip: paint it by itself"))
        elif suffix in images.FOREIGN_SUFFIXES:
            passed_over.append((path, f"is a {suffix[1:].upper()} picture: export it as JPEG or PNG"))
    return found, passed_over


def _paint_clip(paint: Painter, source: Path, target: Path, progress: Progress) -> None:
    clip = videos.measure_video(source)
    # Asking for more frames than there are gives each of them once.
    frames = videos.read_frames(source, 2 * clip.frames)
    first = next(frames)
    painting = paint(first.image)
    rate = Fraction(clip.frames / clip.seconds).limit_denominator(1001)
    with atomic_file(target) as file, _recorder(file, target, painting.size, rate) as record:
        record(painting, first.seconds)
        for number, frame in enumerate(frames, start=1):
            progress(number, max(clip.frames, number), "Painting")
            record(paint(frame.image), frame.seconds)
    progress(clip.frames, clip.frames, "Painting")


@contextmanager
def _recorder(
    file: BinaryIO, target: Path, size: tuple[int, int], rate: Fraction
) -> Iterator[Callable[[Image.Image, float], None]]:
    """Records pictures of `size` at increasing seconds into `file`."""
    kind = {".mkv": "matroska", ".mov": "mov"}.get(target.suffix.lower(), "mp4")
    with av.open(file, mode="w", format=kind) as container:
        stream: Any = container.add_stream("libx264", rate=rate, options={"crf": "16"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        last = -1

        def record(painting: Image.Image, seconds: float) -> None:
            nonlocal last
            frame = av.VideoFrame.from_image(painting)  # type: ignore[no-untyped-call]
            frame.time_base = Fraction(1, TICKS)
            frame.pts = last = max(round(seconds * TICKS), last + 1)
            container.mux(stream.encode(frame))

        yield record
        container.mux(stream.encode())


def _choose_target(source: Path, out: Path | None, suffixes: tuple[str, ...], force: bool) -> Path:
    """Where to write; `suffixes` are those of the kind, the default first, or none for a folder."""
    default = f"{source.resolve().stem if suffixes else source.resolve().name}-painted"
    suffix = suffixes[0] if suffixes else ""
    if out is None:
        return _find_free_name(source.resolve().parent, default, suffix, force)
    if suffixes and out.is_dir():
        out = out / f"{default}{suffix}"
    if suffixes and out.suffix.lower() not in suffixes:
        raise LimnerError(f"{out} has no suffix that can be written; choose one of {', '.join(suffixes)}.")
    if out.exists() and out.samefile(source):
        raise LimnerError(f"{out} is the source itself; choose another --out.")
    if not suffixes and out.exists() and not out.is_dir():
        raise LimnerError(f"{out} is a file; give --out the name of a folder.")
    if not force and out.exists() and (suffixes or any(out.iterdir())):
        raise LimnerError(f"{out} exists; add --force to replace it, or choose another --out.")
    return out


def _find_free_name(folder: Path, name: str, suffix: str, force: bool) -> Path:
    path, count = folder / f"{name}{suffix}", 2
    while path.exists() and not force:
        path, count = folder / f"{name}-{count}{suffix}", count + 1
    return path


@contextmanager
def _sentences(source: Path) -> Iterator[None]:
    try:
        yield
    except UnreadableFile as error:
        raise LimnerError(f"{source} {error}.") from error
