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

import numpy as np
from PIL import Image

from limner.data.checks.diversity import colour_predictability, vendi_score
from limner.data.checks.near_duplicates import near_duplicates
from limner.data.checks.rules import DatasetStats, Finding, SubjectShare, run_rules
from limner.data.checks.subjects import (
    MAX_PICTURES,
    MIN_PICTURES,
    FeatureExtractor,
    Subjects,
    find_subjects,
)
from limner.data.checks.thumbnails import Thumbnail, make_thumbnail
from limner.data.decode import ClipReader, decode_source, measure_clip
from limner.data.images import UnreadableFile
from limner.data.pairs import Side
from limner.data.prepare import make_settings
from limner.data.sources import Skipped, Source, find_sources
from limner.data.store import StoreSettings
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_write
from limner.mark import read_image_mark, save_options
from limner.progress import Progress, no_progress
from limner.replacing import check_no_source, check_replaceable

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
    subjects: Subjects | None = field(repr=False, compare=False)
    """None where they were not looked for, or there are too few pictures."""

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
    side: Side | None = None,
    frames: int = 400,
    extract: FeatureExtractor | None = None,
    progress: Progress = no_progress,
) -> CheckReport:
    """Check pictures and videos as `limner.data.prepare.prepare` would read them. Writes nothing.

    With `extract`, the subjects are looked for too, by the features of some of the pictures.

    Raises `LimnerError` for the arguments that `prepare` refuses, and if a path does not exist or nothing
    was found.
    """
    settings = make_settings(pixels=pixels, frames=frames, inputs=inputs, side=side)
    found = find_sources(sources, inputs=inputs, pairs_only=side is not None)
    survey = _survey(found.sources, settings, progress)
    thumbnails = survey.thumbnails
    stills = [t for t in thumbnails if not t.video]
    groups = near_duplicates(stills)
    looked_at = [t for t in thumbnails if t.square is not None]
    looked_at = looked_at[:: _every(len(looked_at), MAX_PICTURES)]
    subjects = None if extract is None else _find_subjects(looked_at, extract, progress)
    stats = DatasetStats(
        pixels=pixels,
        short_side=settings.short_side,
        pictures=len(stills) + survey.from_clips,
        stills=len(stills),
        videos=survey.clips,
        duplicates=survey.duplicates,
        first_pages=survey.first_pages,
        damaged=tuple(survey.damaged),
        skipped=(*found.skipped, *survey.skipped),
        near_duplicates=tuple(tuple(stills[index].name for index in group) for group in groups),
        vendi_score=vendi_score(thumbnails),
        colour_predictability=colour_predictability(thumbnails) if thumbnails else 1.0,
        subjects=_subject_shares(subjects, looked_at),
        subjects_overlap=subjects is not None and not subjects.is_separate,
        store_bytes=survey.store_bytes,
    )
    return CheckReport(stats, run_rules(stats, thumbnails), tuple(thumbnails), subjects)


def check_sheet(
    file: Path, sources: Sequence[Path], *, inputs: Path | None = None, force: bool = False
) -> None:
    """Raise `LimnerError` where no contact sheet of `sources` may be written to `file`.

    A sheet replaces an earlier sheet, with `force` any file, and never a picture that is checked.
    """
    _require_sheet_suffix(file)
    if not _is_sheet(file):  # an earlier sheet may lie among the pictures: it is passed over
        check_no_source([file], _source_files(sources, inputs))
    check_replaceable(file, _is_sheet, force=force)


def _is_sheet(file: Path) -> bool:
    return read_image_mark(file) == "contact sheet"


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


def _subject_shares(subjects: Subjects | None, looked_at: Sequence[Thumbnail]) -> tuple[SubjectShare, ...]:
    if subjects is None:
        return ()
    examples = [looked_at[index].name for index in subjects.examples]
    return tuple(map(SubjectShare, subjects.shares, examples))


def _find_subjects(
    thumbnails: Sequence[Thumbnail], extract: FeatureExtractor, progress: Progress
) -> Subjects | None:
    """The subjects of thumbnails that have squares; None for too few."""
    if len(thumbnails) < MIN_PICTURES:
        return None  # without the seconds that loading a network takes
    squares = [t.square for t in thumbnails if t.square is not None]
    features = []
    for index, square in enumerate(squares):
        progress(index, len(squares), "Looking for subjects")
        features.append(extract(square[None]))
    progress(len(squares), len(squares), "Looking for subjects")
    return find_subjects(np.concatenate(features))


@dataclass
class _Survey:
    """What was found in the sources, each copy counted once."""

    thumbnails: list[Thumbnail] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    damaged: list[Skipped] = field(default_factory=list)
    """Clips that give only a part of their frames."""
    from_clips: int = 0
    """Pictures that videos and animations give."""
    clips: int = 0
    duplicates: int = 0
    first_pages: int = 0
    store_bytes: int = 0
    """Bytes that `limner.data.prepare.prepare` would write."""


def _survey(sources: Sequence[Source], settings: StoreSettings, progress: Progress) -> _Survey:
    survey = _Survey()
    contents: set[str] = set()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for index, (source, future) in enumerate(_read_ahead(sources, settings, pool)):
            progress(index, len(sources), _PROGRESS_LABEL)
            try:
                file = future.result()
                if file.content in contents:
                    survey.duplicates += 1
                    continue
                if file.thumbnail is not None:
                    survey.thumbnails.append(file.thumbnail)
                    survey.first_pages += file.is_first_page
                    survey.store_bytes += file.store_bytes
                else:
                    _add_clip(survey, source, settings)
                contents.add(file.content)
            except UnreadableFile as error:
                survey.skipped.append((source.name, str(error)))
    progress(len(sources), len(sources), _PROGRESS_LABEL)
    return survey


@dataclass(frozen=True)
class _CheckedFile:
    """One file: the hash of its bytes (and its partner's), and its thumbnail; None for a clip."""

    content: str
    thumbnail: Thumbnail | None = None
    is_first_page: bool = False
    store_bytes: int = 0


def _read_ahead(
    sources: Sequence[Source], settings: StoreSettings, pool: ThreadPoolExecutor
) -> Iterator[tuple[Source, Future[_CheckedFile]]]:
    """Yield each source in order, while threads read the next ones."""
    waiting: deque[tuple[Source, Future[_CheckedFile]]] = deque()
    tiles, squares = (_every(len(sources), most) for most in (_TILES, MAX_PICTURES))
    for index, source in enumerate(sources):
        tile, square = index % tiles == 0, index % squares == 0
        waiting.append((source, pool.submit(_check_source, source, settings, tile=tile, square=square)))
        if len(waiting) > 8:
            yield waiting.popleft()
    yield from waiting


def _every(count: int, most: int) -> int:
    """The step that takes at most `most` of `count`, evenly."""
    return max(1, -(-count // most))


def _check_source(source: Source, settings: StoreSettings, *, tile: bool, square: bool) -> _CheckedFile:
    decoded = decode_source(source, settings, at_least=2 * _SIDE)
    if (still := decoded.still) is None:
        return _CheckedFile(decoded.content)
    thumbnail = make_thumbnail(still.image, source.name, still.size, tile=tile, square=square)
    store_bytes = still.plan.width * still.plan.height * 3 * (1 if still.input is None else 2)
    return _CheckedFile(decoded.content, thumbnail, still.has_more_pages, store_bytes)


def _add_clip(survey: _Survey, source: Source, settings: StoreSettings) -> None:
    """Count the pictures of a clip as the store does, and keep thumbnails of up to `_FRAMES` frames."""
    clip = measure_clip(source)
    every = _every(min(settings.frames, clip.frames), _FRAMES)
    frames = ClipReader(source, clip, settings.frames)
    for index, squares in enumerate(frames):
        survey.from_clips += len(squares)
        survey.store_bytes += len(squares) * settings.short_side**2 * 3
        if index % every == 0:
            kept = index // every
            square = squares[kept % len(squares)]
            survey.thumbnails.append(
                make_thumbnail(
                    square.image,
                    square.name,
                    square.image.size,
                    video=True,
                    tile=kept % 10 < 2,
                    square=kept % 5 == 0,
                )
            )
    survey.clips += 1
    if frames.left_out:
        survey.damaged.append((source.name, frames.left_out))
