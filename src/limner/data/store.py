"""The memory-mapped store: pictures decoded once, as raw bytes that any process can map.

```
pictures.json            the index; written last, so that it never names an incomplete file
pictures-1f0c5d2a.bin    uint8 RGB, row by row, picture after picture (each followed by its input, if any)
```

Each write gives the raw file a new name, and deletes the older file after the new index is in place: a
process that stops at any moment (a kill, a full disk) leaves the earlier store unchanged.
The format is our own: the common ones (npz, zip, safetensors, Arrow) cannot be written as a stream of
pictures of different sizes and then read as plain views without a copy.
"""

import json
import os
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, TypeVar, get_origin

import numpy as np
import numpy.typing as npt

from limner.data.sources import FileStamp
from limner.errors import LimnerError, system_reason
from limner.files import disk_errors
from limner.lock import folder_lock
from limner.reading import read_json

FORMAT = 1
"""The version of the format; a store of another version is prepared again."""

MARK = "limner.store"
"""The key of the version in the index: other programs write a pictures.json too."""

READING_RULES = 2
"""Counts the changes of what limner makes of a file. A store by older rules still opens for training, but
preparing it again reads all files again. 2: the content decides; animations give all frames."""

INDEX = "pictures.json"

RAW = re.compile(r"pictures-[0-9a-f]{8}\.bin")
LEFT_OVER = re.compile(rf"(?:{RAW.pattern}|{re.escape(INDEX)})\.part")
"""Partial files that a killed write leaves."""

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB, 0..255."""


@dataclass(frozen=True)
class StoreSettings:
    """All that, together with the files, determines the contents of a store."""

    pixels: int
    short_side: int
    frames: int
    pairs: str
    """`none`, `inputs`, `left` or `right`."""
    rules: int = 1
    """`READING_RULES` of the version that prepared the store."""
    strokes: bool = False
    """Whether the pictures are painted anew with brush strokes."""


@dataclass(frozen=True)
class StoredImage:
    """One picture of the store."""

    name: str
    offset: int
    height: int
    width: int
    split: str
    """16 hexadecimal digits that decide whether the picture is held out; equal within a video segment."""
    held_out: bool
    enlarged: bool
    trimmed: bool
    first_page: bool = False
    """Whether its file has more pages, which are not used."""


@dataclass(frozen=True)
class SourceRecord:
    """One source file, so that an unchanged file is not decoded again."""

    name: str
    stamps: tuple[FileStamp, ...]
    content: str
    """Hash of its bytes (and its partner's); empty if it was not read."""
    reason: str
    """Why it was skipped; empty if it was not."""
    duplicate: bool
    """Whether an earlier file has the same bytes."""
    video: bool
    """Whether it is a clip: a video or an animated picture."""
    first: int
    count: int
    """Its pictures are the `count` entries from `first` on."""
    left_out: str = ""
    """What damage cost a clip; empty if nothing."""


@dataclass(frozen=True)
class StoreIndex:
    """The contents of `pictures.json`."""

    settings: StoreSettings
    file: str
    bytes: int
    entries: tuple[StoredImage, ...]
    files: tuple[SourceRecord, ...]


@dataclass(frozen=True)
class ImageStore:
    """An open store. It can be shared between threads and sent to other processes."""

    folder: Path
    pixels: int
    """Side of the square that the network paints."""
    short_side: int
    """Short side of every picture, in pixels: 1.3 times `pixels`, so that crops can vary in scale."""
    training: tuple[int, ...]
    held_out: tuple[int, ...]
    index: StoreIndex = field(repr=False, compare=False)
    _data: Pixels = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.index.entries)

    def __reduce__(self) -> tuple[Callable[[Path], "ImageStore"], tuple[Path]]:
        # The bytes are not pickled: another process maps the file.
        return open_store, (self.folder,)

    def image(self, index: int) -> Pixels:
        """One picture: uint8 (H, W, 3) RGB, min(H, W) == short_side; a read-only view, not a copy."""
        return self._view(index, 0)

    def is_paired(self) -> bool:
        """Whether each picture has an input."""
        return self.index.settings.pairs != "none"

    def input_image(self, index: int) -> Pixels:
        """The input of a picture, of the same shape. Raises `LimnerError` if the store has no inputs."""
        if not self.is_paired():
            raise LimnerError(f"The pictures in {self.folder} were prepared without inputs.")
        return self._view(index, 1)

    def name(self, index: int) -> str:
        """The source file; for a video, also the time and the part of the frame."""
        return self.index.entries[index].name

    def reusable_records(self) -> dict[tuple[FileStamp, ...], SourceRecord]:
        """The records of sources that need not be read again while their stamps are the same."""
        # A copy is read again: the file that it is a copy of may be gone.
        return {file.stamps: file for file in self.index.files if file.stamps and not file.duplicate}

    def _view(self, index: int, nth: int) -> Pixels:
        entry = self.index.entries[index]
        size = entry.height * entry.width * 3
        start = entry.offset + nth * size
        return self._data[start : start + size].reshape(entry.height, entry.width, 3)


def open_store(folder: Path) -> ImageStore:
    """Open a prepared store.

    Raises `LimnerError` if there is none, or if it has another format or is damaged.
    """
    index = _read_index(folder)
    file = folder / index.file
    per_entry = 1 if index.settings.pairs == "none" else 2
    ends = [e.offset + e.height * e.width * 3 * per_entry for e in index.entries]
    try:
        is_complete = file.stat().st_size == index.bytes
    except OSError:
        is_complete = False
    if not is_complete or not ends or max(ends) > index.bytes:
        raise LimnerError(
            f"The pictures in {folder} are damaged: {index.file} does not match {INDEX}. "
            "Delete the folder and prepare them again."
        )
    return ImageStore(
        folder=folder,
        pixels=index.settings.pixels,
        short_side=index.settings.short_side,
        training=tuple(i for i, entry in enumerate(index.entries) if not entry.held_out),
        held_out=tuple(i for i, entry in enumerate(index.entries) if entry.held_out),
        index=index,
        _data=np.memmap(file, dtype=np.uint8, mode="r"),
    )


def _read_index(folder: Path) -> StoreIndex:
    path = folder / INDEX
    try:
        raw = read_json(path)
    except FileNotFoundError as error:
        raise LimnerError(f"There are no prepared pictures in {folder}: {INDEX} is missing.") from error
    except UnicodeEncodeError as error:  # a path out of a run.json that was written in another locale
        raise LimnerError(f"This locale cannot name {path}: set LC_ALL=C.UTF-8 and try again.") from error
    except OSError as error:
        raise LimnerError(f"{path} cannot be read: {system_reason(error)}.") from error
    except ValueError as error:
        raise LimnerError(_damaged_index(path)) from error
    version = _format_of(raw)
    if version is None:
        raise LimnerError(f"There are no prepared pictures in {folder}: its {INDEX} is another program's.")
    if version != FORMAT:
        raise LimnerError(
            f"The pictures in {folder} have format {version}, but this version of limner reads format "
            f"{FORMAT}: prepare them again."
        )
    try:
        return _parse_index(raw)
    except (ValueError, KeyError, TypeError) as error:
        raise LimnerError(_damaged_index(path)) from error


def _damaged_index(path: Path) -> str:
    return f"{path} is damaged: delete the folder {path.parent} and prepare the pictures again."


def _format_of(index: Any) -> Any:
    """The version in an index; None where limner did not write it."""
    if not isinstance(index, dict):
        return None
    if MARK in index:
        return index[MARK]
    # The first stores have no mark: their fields must tell.
    settings = index.get("settings")
    has_settings = isinstance(settings, dict) and {"pixels", "short_side"} <= settings.keys()
    is_store = has_settings and {"file", "bytes", "entries", "files"} <= index.keys()
    return index.get("format") if is_store else None


def _parse_index(raw: dict[str, Any]) -> StoreIndex:
    files = [
        {**record, "stamps": tuple(_checked(FileStamp(**stamp)) for stamp in record["stamps"])}
        for record in raw["files"]
    ]
    index = _checked(
        StoreIndex(
            settings=_checked(StoreSettings(**raw["settings"])),
            file=raw["file"],
            bytes=raw["bytes"],
            entries=tuple(_checked(StoredImage(**entry)) for entry in raw["entries"]),
            files=tuple(_checked(SourceRecord(**record)) for record in files),
        )
    )
    if Path(index.file).name != index.file or any(
        min(e.offset, e.height - 1, e.width - 1) < 0 for e in index.entries
    ):
        raise ValueError("an offset outside the store")
    return index


_Record = TypeVar("_Record")

_FIELD_TYPES: dict[type, list[tuple[str, Any]]] = {
    kind: [(each.name, get_origin(each.type) or each.type) for each in fields(kind)]
    for kind in (StoreIndex, StoreSettings, StoredImage, SourceRecord, FileStamp)
}
"""The names and types of the fields of each record in an index."""


def _checked(record: _Record) -> _Record:
    """The record. Raises TypeError where a value has another type: JSON may have infinity for a number."""
    for name, kind in _FIELD_TYPES[type(record)]:
        if not isinstance(getattr(record, name), kind):
            raise TypeError(name)
    return record


def _require_own_folder(folder: Path) -> None:
    """Raise `LimnerError` if the folder has other files: a store deletes its own older files."""
    if not folder.is_dir() or _is_store(folder):
        return
    foreign = [
        entry.name
        for entry in folder.iterdir()
        if not entry.name.startswith(".")
        and not RAW.fullmatch(entry.name)
        and not LEFT_OVER.fullmatch(entry.name)
    ]
    if foreign:
        raise LimnerError(
            f"{folder} is not empty and holds no prepared pictures (it contains {min(foreign)}): choose "
            "another folder with --out."
        )


def _is_store(folder: Path) -> bool:
    """Whether limner made the folder. A damaged index is known by the raw file beside it."""
    try:
        return _format_of(read_json(folder / INDEX)) is not None
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return any(RAW.fullmatch(entry.name) for entry in folder.iterdir())


class StoreWriter:
    """Writes a new store beside an existing one, which stays valid until `commit`.

    A context manager: it holds the folder's lock, and if it ends without a `commit`, it deletes what it
    wrote. Raises `LimnerError` if the folder holds other things than a store, if another process writes it,
    and if the disk is full or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._final = f"pictures-{secrets.token_hex(4)}.bin"
        self._part = folder / f"{self._final}.part"
        self._offset = 0
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        _require_own_folder(self._folder)
        with ExitStack() as stack:
            stack.enter_context(folder_lock(self._folder, "written"))
            with disk_errors(self._folder):
                for file in self._folder.iterdir():
                    if LEFT_OVER.fullmatch(file.name):
                        file.unlink()
                self._stream = self._part.open("wb")
            self._lock = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            # Buffered bytes need not reach a full disk: the file is deleted anyway.
            with suppress(OSError):
                self._stream.close()
            self._part.unlink(missing_ok=True)

    @property
    def bytes(self) -> int:
        """Bytes written so far, which is the offset of the next picture."""
        return self._offset

    def add(self, pixels: Pixels) -> int:
        """Append pixels; returns the offset of their first byte."""
        offset = self._offset
        with disk_errors(self._folder):
            self._stream.write(np.ascontiguousarray(pixels).data)
        self._offset += pixels.nbytes
        return offset

    def commit(
        self, settings: StoreSettings, entries: Sequence[StoredImage], files: Sequence[SourceRecord]
    ) -> None:
        """Replace the earlier store with the new one."""
        index = StoreIndex(settings, self._final, self._offset, tuple(entries), tuple(files))
        # As ASCII: a name may have odd bytes, which UTF-8 refuses and escapes keep.
        text = json.dumps({MARK: FORMAT} | asdict(index), indent=1)
        with disk_errors(self._folder):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._part.replace(self._folder / self._final)
            try:
                self._write_index(text)
            except BaseException:
                (self._folder / self._final).unlink(missing_ok=True)
                raise
        self._delete_older()

    def _write_index(self, text: str) -> None:
        part = self._folder / f"{INDEX}.part"
        try:
            with part.open("w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self._folder / INDEX)
        finally:
            part.unlink(missing_ok=True)

    def _delete_older(self) -> None:
        for file in self._folder.iterdir():
            if RAW.fullmatch(file.name) and file.name != self._final:
                try:
                    file.unlink()
                except OSError:
                    # Windows keeps a memory-mapped file: the next write deletes it.
                    continue
