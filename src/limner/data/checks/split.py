"""A folder of several subjects, split into a list of pictures for each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from limner.data.checks.subjects import MAX_SUBJECTS, FeatureExtractor, Floats, Subjects
from limner.data.checks.thumbnails import SQUARE_SIDE, middle_square
from limner.data.decode import ClipReader, decode_source, measure_clip
from limner.data.images import UnreadableFile
from limner.data.lists import check_paths, is_list, write_list
from limner.data.pairs import Side
from limner.data.prepare import make_settings
from limner.data.sources import Source, find_sources
from limner.data.store import StoreSettings
from limner.display import printable
from limner.errors import LimnerError
from limner.progress import Progress, no_progress
from limner.replacing import check_replaceable

_FRAMES = 5
"""Frames of a clip that are looked at: a clip is in one list as a whole."""


def check_lists(folder: Path, sources: Sequence[Path], *, force: bool = False) -> None:
    """Raise LimnerError where the lists of a split of `sources` may not be written to `folder`."""
    given = [source.resolve() for source in sources]
    for file in _list_paths(folder, MAX_SUBJECTS):
        check_replaceable(file, is_list, force=force)
        if file.resolve() in given:
            raise LimnerError(f"{printable(file)} is a source itself: choose another folder for the split.")


def split_sources(
    sources: Sequence[Path],
    subjects: Subjects,
    folder: Path,
    extract: FeatureExtractor,
    *,
    pixels: int = 256,
    inputs: Path | None = None,
    side: Side | None = None,
    progress: Progress = no_progress,
) -> list[tuple[Path, int]]:
    """Write a list of files for each subject; return the lists with their numbers of files.

    Looks at each file, and passes over copies and what cannot be read. Lists of an earlier split in the
    folder go.
    """
    settings = make_settings(pixels=pixels, frames=_FRAMES, inputs=inputs, side=side)
    found = find_sources(sources, inputs=inputs, pairs_only=side is not None).sources
    files: list[list[Path]] = [[] for _ in subjects.centres]
    contents: set[str] = set()
    for index, source in enumerate(found):
        progress(index, len(found), "Splitting by subject")
        try:
            content, features = _look_at(source, settings, extract)
        except UnreadableFile:
            continue
        if content not in contents:
            contents.add(content)
            files[np.bincount(subjects.assign(features)).argmax()].append(source.path)
    progress(len(found), len(found), "Splitting by subject")
    for paths in files:
        check_paths(paths)  # before the first list replaces an earlier one
    written = []
    for file, paths in zip(_list_paths(folder, len(files)), files, strict=True):
        write_list(file, paths)
        written.append((file, len(paths)))
    for file in _list_paths(folder, MAX_SUBJECTS)[len(files) :]:
        if os.path.lexists(file) and is_list(file):
            file.unlink()
    return written


def _list_paths(folder: Path, count: int) -> list[Path]:
    return [folder / f"subject-{number}.txt" for number in range(1, count + 1)]


def _look_at(source: Source, settings: StoreSettings, extract: FeatureExtractor) -> tuple[str, Floats]:
    """The hash of a file's content, and its features (N, C): of a picture one, of a clip a few."""
    decoded = decode_source(source, settings, at_least=SQUARE_SIDE)
    if decoded.still is not None:
        return decoded.content, extract(middle_square(decoded.still.image)[None])
    frames = ClipReader(source, measure_clip(source), settings.frames)
    squares = [middle_square(frame[len(frame) // 2].image) for frame in frames]
    return decoded.content, extract(np.stack(squares))
