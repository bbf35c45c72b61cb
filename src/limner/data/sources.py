"""The files of a data set: folders are searched recursively, in order of name, and pairs are matched.

Hidden files and system files (`.thumbnails`, `__MACOSX`, `._photo.jpg`) are not pictures. A folder that
links into itself is searched once.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from limner.data import images, videos
from limner.errors import LimnerError

Kind = Literal["image", "video"]
Skipped = tuple[str, str]
"""A skipped file: its name, and a reason that continues a sentence that begins with the name."""


@dataclass(frozen=True)
class FileStamp:
    """The state of a file, to recognise an unchanged file without reading it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Source:
    """One picture or video file."""

    path: Path
    name: str
    """The path inside the folder that was given, with forward slashes."""
    kind: Kind
    partner: Path | None = None
    """The input of the pair; this picture is then its target."""

    def stamps(self) -> tuple[FileStamp, ...]:
        """The state of this file and its partner."""
        files = (self.path,) if self.partner is None else (self.path, self.partner)
        return tuple(_stamp(file) for file in files)


@dataclass(frozen=True)
class SourceList:
    """The files of a data set, and the skipped files."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


def find_sources(
    paths: Sequence[Path], *, inputs: Path | None = None, pairs_only: bool = False
) -> SourceList:
    """Find the pictures and videos in files and folders, folder by folder in order of name.

    With `inputs`, a folder, each picture is paired with the file of the same path in that folder, whatever
    the suffix, or else with the only file of the same name. `pairs_only` skips videos.

    Raises `LimnerError` for a path that does not exist, and if nothing was found.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for path in paths:
        for file, name in _walk_files(path):
            kind = _kind(file)
            if (reason := _reason_to_skip(file, kind, is_named=file == path)) is not None:
                skipped.append((name, reason))
            elif kind is not None:
                sources.append(Source(file, name, kind))
    _require_sources(paths, sources, skipped)
    if inputs is not None or pairs_only:
        return _pair_with_inputs(sources, skipped, inputs)
    return SourceList(tuple(sources), tuple(skipped))


def _stamp(file: Path) -> FileStamp:
    state = file.stat()
    return FileStamp(str(file.resolve()), state.st_size, state.st_mtime_ns)


def _walk_files(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.exists():
        raise LimnerError(f"There is no file or folder {path}.")
    if not path.is_dir():
        yield path, path.name
        return
    seen: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        state = Path(folder).stat()
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(
            name
            for name in folders
            if not _is_system_file(name) and not _is_limner_folder(Path(folder) / name)
        )
        for name in sorted(files):
            if not _is_system_file(name):
                file = Path(folder) / name
                yield file, file.relative_to(path).as_posix()


def _is_system_file(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_limner_folder(folder: Path) -> bool:
    """Whether limner made this folder: paintings are not training pictures."""
    marks = ("project.json", "run.json", "pictures.json", "looks/looks.json")
    return any((folder / mark).is_file() for mark in marks)


def _kind(file: Path) -> Kind | None:
    suffix = file.suffix.lower()
    if suffix in images.SUFFIXES:
        return "image"
    return "video" if suffix in videos.SUFFIXES else None


def _reason_to_skip(file: Path, kind: Kind | None, *, is_named: bool) -> str | None:
    """Why a file is skipped; None for a file to read, and for a file that is silently ignored."""
    suffix = file.suffix.lower()
    if suffix in images.FOREIGN_SUFFIXES:
        return f"is a {suffix[1:].upper()} picture: export it as JPEG or PNG"
    if kind is None:
        return f"has no suffix of a picture or video ({suffix or 'none'})" if is_named else None
    try:
        # Opening a named pipe would block for ever.
        return None if stat.S_ISREG(file.stat().st_mode) else "is not a regular file"
    except OSError:
        return "is a broken link"


def _require_sources(paths: Sequence[Path], sources: list[Source], skipped: list[Skipped]) -> None:
    if sources:
        return
    where = " or ".join(str(path) for path in paths) or "the empty list of sources"
    if skipped:
        name, reason = skipped[0]
        raise LimnerError(f"No picture or video can be read from {where}: {name} {reason}.")
    raise LimnerError(
        f"No picture or video was found in {where}. limner reads JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, "
        "MP4, MOV, WebM, MKV and AVI files."
    )


def _pair_with_inputs(sources: list[Source], skipped: list[Skipped], inputs: Path | None) -> SourceList:
    partners = _PartnerIndex(inputs) if inputs is not None else None
    kept: list[Source] = []
    for source in sources:
        if inputs is not None and source.path.resolve().is_relative_to(inputs.resolve()):
            # The inputs' folder may be inside a source folder.
            continue
        if source.kind == "video":
            skipped.append((source.name, "is a video, but pairs are made of pictures"))
        elif partners is None:
            kept.append(source)
        elif (partner := partners.find(source)) is None:
            skipped.append((source.name, f"has no partner in {inputs}"))
        else:
            kept.append(Source(source.path, source.name, "image", partner))
    if not kept:
        example = f": {skipped[0][0]} {skipped[0][1]}" if skipped else ""
        raise LimnerError(f"No pair of pictures was found{example}.")
    return SourceList(tuple(kept), tuple(skipped))


class _PartnerIndex:
    """The pictures of the `inputs` folder by path without suffix, and by bare name if that is unique."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise LimnerError(f"There is no folder of inputs {folder}.")
        self._by_path: dict[str, Path] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for file, name in _walk_files(folder):
            if file.suffix.lower() in images.SUFFIXES and file.is_file():
                self._by_path.setdefault(name.removesuffix(file.suffix), file)
                self._by_stem.setdefault(file.stem, []).append(file)

    def find(self, source: Source) -> Path | None:
        exact = self._by_path.get(source.name.removesuffix(source.path.suffix))
        same_name = self._by_stem.get(source.path.stem, [])
        return exact or (same_name[0] if len(same_name) == 1 else None)
