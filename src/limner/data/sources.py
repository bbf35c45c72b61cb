"""The files of a data set: folders are searched recursively, in order of name, and pairs are matched.

The content of a file decides whether it is a picture or a video. In a folder, files whose suffix belongs to
something else (`.txt`, `.pdf`, `.mp3`) are not opened: a folder may hold a million of them. A file that is
named, or that stands in a list that is named (`limner.data.lists`), is always opened.

Hidden files and system files (`.thumbnails`, `__MACOSX`, `@eaDir`, `._photo.jpg`) are not pictures. A
folder that links into itself is searched once.
"""

import mimetypes
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from limner.data import kinds, videos
from limner.data.images import UnreachableFile, UnreadableFile
from limner.data.kinds import Media
from limner.data.lists import is_list, read_list
from limner.data.pairs import PartnerIndex
from limner.display import printable
from limner.errors import LimnerError
from limner.reading import read_json
from limner.system_files import is_system_name

Skipped = tuple[str, str]
"""A skipped file: its name, and a reason that continues a sentence that begins with the name."""

_FILES_WITH_MARKS = ("project.json", "run.json", "pictures.json", "limner.json")
"""The JSON files of a project, a run, a store and a page; a key of each begins with `limner.`."""

_COPY_ENDINGS = (".lrdata", ".thm", ".lrv", "_original", "~")
"""How suffixes end of Lightroom's previews, of cameras' thumbnails and small clips, and of backups that
ExifTool (`photo.jpg_original`) and editors (`photo.jpg~`) make."""

_OTHER_SUFFIXES = frozenset(
    suffix
    for suffix, mime in mimetypes.MimeTypes().types_map[True].items()  # Python's own, not this system's
    if mime.partition("/")[0] not in {"image", "video"}
)
_SUFFIXES_OF_CODE = frozenset({".ts", ".mts"})
"""Suffixes of TypeScript that are also those of videos."""


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
    kind: Media
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
    partners = None if inputs is None else _index_partners(inputs)
    found = [scan(path) for path in paths]
    sources = [source for part in found for source in part.sources]
    skipped = [file for part in found for file in part.skipped]
    _require_sources(paths, sources, skipped)
    if partners is not None or pairs_only:
        return _pair(sources, skipped, partners)
    return SourceList(tuple(sources), tuple(skipped))


def scan(path: Path) -> SourceList:
    """The pictures and videos in a file, folder or list, in order of name, and the skipped files.

    Raises `LimnerError` if the path does not exist.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    is_named = not path.is_dir()
    for file, name in _walk_files(path, skipped):
        try:
            kind = _classify(file, is_named=is_named)
        except UnreadableFile as error:
            skipped.append((name, str(error)))
        else:
            if kind is not None:
                sources.append(Source(file, name, kind))
    return SourceList(tuple(sources), tuple(skipped))


def find_source(file: Path) -> Source:
    """The picture or video in one file. Raises `UnreadableFile` if it is neither."""
    found = scan(file)
    for _, reason in found.skipped:
        raise UnreadableFile(reason)
    if [source.path for source in found.sources] != [file]:
        raise UnreadableFile("is no single picture or video: name one of its files")
    return found.sources[0]


def _stamp(file: Path) -> FileStamp:
    state = file.stat()
    return FileStamp(str(file.resolve()), state.st_size, state.st_mtime_ns)


def _walk_files(path: Path, skipped: list[Skipped]) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name; folders that cannot be searched are added to `skipped`."""
    if not path.exists():
        raise LimnerError(f"There is no file or folder {printable(path)}.")
    if not path.is_dir():
        yield from _list_files(path)
        return

    def skip_folder(error: OSError) -> None:
        name = os.path.relpath(error.filename, path)
        skipped.append((name, f"is a folder that cannot be searched ({error.strerror})"))

    seen: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(path, followlinks=True, onerror=skip_folder):
        state = Path(folder).stat()
        if (state.st_dev, state.st_ino) in seen:
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(
            name
            for name in folders
            if not _is_passed_over(name)
            and not _is_limner_folder(Path(folder) / name)
            and not _is_cache_of_photos(Path(folder) / name)
        )
        for name in sorted(files):
            if not _is_passed_over(name) or _is_in_cloud(name):
                file = Path(folder) / name
                yield file, file.relative_to(path).as_posix()


def _list_files(path: Path) -> list[tuple[Path, str]]:
    """The file itself, or the files of a list. Their names are paths in the folder that holds them all."""
    try:
        if not is_list(path):
            return [(path, path.name)]
        files = sorted(read_list(path))
        if not files:
            raise LimnerError(f"The list {printable(path)} names no pictures: add a path, or delete it.")
        folder = os.path.commonpath([file.parent for file in files])
    except (OSError, ValueError):  # it cannot be read, or its files lie on several drives
        return [(path, path.name)]
    return [(file, file.relative_to(folder).as_posix()) for file in files]


def _is_passed_over(name: str) -> bool:
    return is_system_name(name) or Path(name).suffix.lower().endswith(_COPY_ENDINGS)


def _is_in_cloud(name: str) -> bool:
    """Whether this is macOS's placeholder for a picture or a video that is only in iCloud."""
    suffix = Path(name.removesuffix(".icloud")).suffix.lower()
    is_placeholder = name.startswith(".") and name.endswith(".icloud")
    return is_placeholder and (suffix in videos.SUFFIXES or kinds.identify(b"", suffix) is not None)


def _is_limner_folder(folder: Path) -> bool:
    """Whether limner made this folder: a project, a run, a store or a page."""
    return any(_has_mark(folder / name) for name in _FILES_WITH_MARKS)


def _has_mark(file: Path) -> bool:
    try:
        return file.is_file() and any(key.startswith("limner.") for key in read_json(file))
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def _is_cache_of_photos(folder: Path) -> bool:
    """Whether macOS's Photos keeps smaller copies here; its pictures are in `originals`."""
    return folder.name == "resources" and folder.parent.suffix.lower() == ".photoslibrary"


def _classify(file: Path, *, is_named: bool) -> Media | None:
    """The kind of a file to read; None for a file that is silently ignored. Raises `UnreadableFile`."""
    if _is_in_cloud(file.name):
        raise UnreadableFile(kinds.CLOUD.reason)
    suffix = file.suffix.lower()
    by_suffix = kinds.identify(b"", suffix) or ("video" if suffix in videos.SUFFIXES else None)
    is_meant = is_named or by_suffix is not None
    if not is_meant and suffix in _OTHER_SUFFIXES:
        return None
    if is_named and not os.path.lexists(file):
        raise UnreadableFile("is in a list and does not exist")
    try:
        # Opening a named pipe would block for ever.
        if not stat.S_ISREG(file.stat().st_mode):
            raise UnreadableFile("is not a regular file")
    except OSError as error:
        if is_meant:
            raise UnreadableFile("is a broken link") from error
        return None
    try:
        with file.open("rb") as stream:
            head = stream.read(kinds.HEAD_BYTES)
    except OSError as error:
        if is_meant:
            raise UnreachableFile(f"cannot be opened ({error.strerror})") from error
        return None
    if not head and is_meant:
        raise UnreadableFile("is an empty file")
    is_code = suffix in _SUFFIXES_OF_CODE and kinds.is_text(head)
    kind = kinds.identify(head, suffix) or (None if is_code else by_suffix)
    if isinstance(kind, kinds.ForeignKind):
        raise UnreadableFile(kind.reason)
    if kind is None and is_named:
        raise UnreadableFile(kinds.describe_unknown(head))
    return kind


def _require_sources(paths: Sequence[Path], sources: list[Source], skipped: list[Skipped]) -> None:
    if sources:
        return
    where = " or ".join(printable(path) for path in paths) or "the empty list of sources"
    if skipped:
        name, reason = skipped[0]
        raise LimnerError(f"No picture or video can be read from {where}: {printable(name)} {reason}.")
    raise LimnerError(
        f"No picture or video was found in {where}. limner reads JPEG, PNG, WebP, GIF, TIFF, BMP and AVIF "
        "pictures, HEIC with an extra, and the usual videos."
    )


def _pair(sources: list[Source], skipped: list[Skipped], partners: PartnerIndex | None) -> SourceList:
    """Pair each picture with its input; without `partners`, it holds both."""
    kept: list[Source] = []
    for source in sources:
        if partners is not None and source.path.resolve().is_relative_to(partners.folder.resolve()):
            # The inputs' folder may be inside a source folder.
            continue
        if source.kind == "video":
            skipped.append((source.name, "is a video, but pairs are made of pictures"))
        elif partners is None:
            kept.append(source)
        elif (partner := partners.find(source.name)) is None:
            skipped.append((source.name, partners.why_missing(source.name)))
        else:
            kept.append(Source(source.path, source.name, "image", partner))
    if not kept:
        example = printable(f": {skipped[0][0]} {skipped[0][1]}") if skipped else ""
        raise LimnerError(f"No pair of pictures was found{example}.")
    return SourceList(tuple(kept), tuple(skipped))


def _index_partners(folder: Path) -> PartnerIndex:
    """The pictures in the folder of inputs. Raises `LimnerError` if it is none."""
    if not folder.is_dir():
        raise LimnerError(f"There is no folder of inputs {printable(folder)}.")
    index, found = PartnerIndex(folder), scan(folder)
    for source in found.sources:
        if source.kind == "image":
            index.add(source.name, source.path)
    for name, reason in found.skipped:
        index.add_skipped(name, reason)
    return index
