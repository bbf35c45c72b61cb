"""The doctor: checks a data set before hours are spent on it.

Each finding is one sentence with advice. The checks cover the number and the size of the pictures; files
that cannot be read; near-duplicates; too little and too much variety; grey pictures among colour ones;
pictures that are black, blank or have bars; very long ones. The limits come from sets whose results are
known (`limner.data.checks.diversity`, `limner.data.checks.near_duplicates`). They are rules of thumb; only
what makes training pointless or impossible is a problem.
"""

import io
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from limner.data.checks.diversity import colour_predictability, vendi_score
from limner.data.checks.near_duplicates import near_duplicates
from limner.data.checks.rules import DatasetStats, Finding, run_rules
from limner.data.checks.thumbnails import Thumbnail, make_thumbnail
from limner.data.images import UnreadableFile, measure_image, plan_resize, read_image
from limner.data.prepare import short_side_for
from limner.data.sources import Skipped, Source, find_sources
from limner.data.videos import check_frames, measure_video, plan_squares, read_frames
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write, check_no_source, check_replaceable
from limner.mark import read_image_mark, save_options
from limner.progress import Progress, no_progress

SHEET_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Suffixes of contact sheets, and Pillow's names of their formats."""

_FRAMES = 100
_TILES = 240
_PROGRESS_LABEL = "Checking pictures"
_MARGIN = 4
_SIDE = 96


@dataclass(frozen=True)
class CheckReport:
    """The findings. `thumbnails` are those of the pictures and of some frames of each video."""

    stats: DatasetStats
    findings: tuple[Finding, ...]
    thumbnails: tuple[Thumbnail, ...] = field(repr=False, compare=False)

    @property
    def has_problem(self) -> bool:
        """Whether training would be pointless or impossible."""
        return any(finding.level == "problem" for finding in self.findings)

    def sentences(self) -> tuple[str, ...]:
        """One line for each finding: its level, what was found, what to do."""
        return tuple(
            f"{finding.level}: {finding.sentence}" + (f" {finding.advice}" if finding.advice else "")
            for finding in self.findings
        )

    def to_json(self) -> dict[str, object]:
        """All figures and findings as plain lists, dicts, strings and numbers."""
        return self.stats.to_json() | {
            "problem": self.has_problem,
            "findings": [finding.to_json() for finding in self.findings],
        }


def check_dataset(
    sources: Sequence[Path],
    *,
    pixels: int = 256,
    inputs: Path | None = None,
    frames: int = 400,
    progress: Progress = no_progress,
) -> CheckReport:
    """Check pictures and videos as `limner.data.prepare.prepare` would read them. Writes nothing.

    Raises `LimnerError` if a path does not exist or nothing was found.
    """
    check_frames(frames)
    found = find_sources(sources, inputs=inputs)
    thumbnails, unreadable, from_videos = _take_thumbnails(found.sources, frames, progress)
    skipped = tuple((printable(name), printable(reason)) for name, reason in (*found.skipped, *unreadable))
    stills = [t for t in thumbnails if not t.video]
    groups = near_duplicates(stills)
    stats = DatasetStats(
        pixels=pixels,
        short_side=short_side_for(pixels),
        pictures=len(stills) + from_videos,
        stills=len(stills),
        videos=sum(source.kind == "video" for source in found.sources),
        skipped=skipped,
        near_duplicates=tuple(tuple(stills[index].name for index in group) for group in groups),
        vendi_score=vendi_score(thumbnails),
        colour_predictability=colour_predictability(thumbnails) if thumbnails else 1.0,
        store_bytes=_store_bytes(stills, from_videos, pixels, inputs is not None),
    )
    return CheckReport(stats, run_rules(stats, thumbnails), tuple(thumbnails))


def check_sheet(
    file: Path, sources: Sequence[Path], *, inputs: Path | None = None, force: bool = False
) -> None:
    """Raise `LimnerError` where no contact sheet of `sources` may be written to `file`.

    A sheet replaces an earlier sheet, with `force` any file, and never a picture that is checked.
    """
    _require_sheet_suffix(file)
    check_no_source([file], _source_files(sources, inputs))
    check_replaceable(file, lambda path: read_image_mark(path) == "contact sheet", force=force)


def _source_files(sources: Sequence[Path], inputs: Path | None) -> Iterator[Path]:
    for source in find_sources(sources, inputs=inputs).sources:
        yield source.path
        if source.partner is not None:
            yield source.partner


def _require_sheet_suffix(file: Path) -> None:
    if file.suffix.lower() not in SHEET_FORMATS:
        raise LimnerError(
            f"A contact sheet is a .png or a .jpg file, and {printable(file.name)} is neither."
        )


def write_contact_sheet(report: CheckReport, file: Path, *, columns: int = 16) -> None:
    """Write a contact sheet of up to a few hundred of the pictures, atomically.

    Raises `LimnerError` if the file is not a .png or .jpg or cannot be written.
    """
    _require_sheet_suffix(file)
    tiles = [t.tile for t in report.thumbnails if t.tile is not None]
    across = max(1, min(columns, len(tiles)))
    down = max(1, -(-len(tiles) // across))
    step = _SIDE + _MARGIN
    sheet = Image.new("RGB", (across * step + _MARGIN, down * step + _MARGIN), "#202020")
    for index, tile in enumerate(tiles):
        x = _MARGIN + index % across * step + (_SIDE - tile.width) // 2
        y = _MARGIN + index // across * step + (_SIDE - tile.height) // 2
        sheet.paste(tile, (x, y))
    sheet_format = SHEET_FORMATS[file.suffix.lower()]
    buffer = io.BytesIO()
    sheet.save(buffer, sheet_format, **save_options(sheet_format, "contact sheet"))
    atomic_write(file, buffer.getvalue())


def _take_thumbnails(
    sources: Sequence[Source], frames: int, progress: Progress
) -> tuple[list[Thumbnail], list[Skipped], int]:
    """The thumbnails, the skipped files, and the number of pictures that the videos would give."""
    thumbnails: list[Thumbnail] = []
    skipped: list[Skipped] = []
    from_videos = 0
    every = -(-len(sources) // _TILES)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for index, (source, future) in enumerate(_read_ahead(sources, pool, every)):
            progress(index, len(sources), _PROGRESS_LABEL)
            try:
                if future is not None:
                    thumbnails.append(future.result())
                else:
                    video_thumbnails, count = _video_thumbnails(source, frames)
                    thumbnails += video_thumbnails
                    from_videos += count
            except UnreadableFile as error:
                skipped.append((source.name, str(error)))
    progress(len(sources), len(sources), _PROGRESS_LABEL)
    return thumbnails, skipped, from_videos


def _read_ahead(
    sources: Sequence[Source], pool: ThreadPoolExecutor, every: int
) -> Iterator[tuple[Source, Future[Thumbnail] | None]]:
    """Yield each source in order, while threads read the next ones."""
    waiting: deque[tuple[Source, Future[Thumbnail] | None]] = deque()
    for index, source in enumerate(sources):
        tile = index % every == 0
        is_image = source.kind == "image"
        waiting.append((source, pool.submit(_image_thumbnail, source, tile) if is_image else None))
        if len(waiting) > 8:
            yield waiting.popleft()
    yield from waiting


def _image_thumbnail(source: Source, tile: bool) -> Thumbnail:
    size = measure_image(source.path)
    image = read_image(source.path, at_least=2 * _SIDE)
    return make_thumbnail(image, printable(source.name), size, tile=tile)


def _video_thumbnails(source: Source, frames: int) -> tuple[list[Thumbnail], int]:
    """Thumbnails of some frames, and the number of pictures that `prepare` would take."""
    clip = measure_video(source.path)
    thumbnails: list[Thumbnail] = []
    squares_per_frame = 1
    for index, frame in enumerate(read_frames(source.path, min(frames, _FRAMES))):
        squares = plan_squares(*frame.image.size)
        squares_per_frame = len(squares)
        size = (min(frame.image.size),) * 2
        square = frame.image.crop(squares[index % squares_per_frame].box)
        name = f"{printable(source.name)} at {frame.seconds:.2f} s"
        thumbnails.append(make_thumbnail(square, name, size, video=True, tile=index % 10 < 2))
    return thumbnails, squares_per_frame * min(frames, clip.frames)


def _store_bytes(stills: Sequence[Thumbnail], from_videos: int, pixels: int, is_paired: bool) -> int:
    """Bytes that `limner.data.prepare.prepare` would write."""
    side = short_side_for(pixels)
    plans = [plan_resize(t.width, t.height, side) for t in stills]
    still_bytes = sum(plan.width * plan.height * 3 for plan in plans)
    return (still_bytes + from_videos * side * side * 3) * (2 if is_paired else 1)
