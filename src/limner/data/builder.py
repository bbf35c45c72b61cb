"""One run of preparing pictures: decode in order, write as it goes, hold some out.

Pictures are decoded by a few threads (Pillow lets go of the interpreter while it decodes), never more
than a handful ahead of what is being written: a thousand photos need no more memory than eight do.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from limner.data.images import UnreachableFile, UnreadableFile, plan_resize, read_image, resize
from limner.data.sources import FileStamp, Source, SourceList
from limner.data.store import ImageStore, Pixels, SourceRecord, StoredImage, StoreSettings, StoreWriter
from limner.data.videos import measure_video, plan_squares, read_frames
from limner.errors import LimnerError
from limner.progress import Progress

HOLD_OUT_EVERY = 20
"""One in so many is held out: pictures, or stretches of a video."""

_WHAT = "Decoding pictures"
_ALIKE = 1.05


@dataclass(frozen=True)
class _Prepared:
    """One decoded picture on its way into the store."""

    name: str
    target: Pixels
    input: Pixels | None
    split: str
    enlarged: bool
    trimmed: bool


@dataclass(frozen=True)
class _Decoded:
    """One image file: the hash of its bytes (and its partner's), and its picture."""

    content: str
    piece: _Prepared


@dataclass(frozen=True)
class _Task:
    """One source, with what the earlier store has of it or with the thread that decodes it."""

    source: Source
    stamps: tuple[FileStamp, ...]
    known: SourceRecord | None
    future: Future[_Decoded] | None


class StoreBuilder:
    """Fills one store. `decoded` is the number of pictures that were not in the earlier one."""

    def __init__(
        self,
        gathered: SourceList,
        folder: Path,
        settings: StoreSettings,
        earlier: ImageStore | None,
        progress: Progress,
    ) -> None:
        self.decoded = 0
        self._gathered = gathered
        self._folder = folder
        self._settings = settings
        self._earlier = earlier
        self._known = {} if earlier is None else {r.stamps: r for r in earlier.index.files}
        self._progress = progress
        self._done = 0
        self._total = sum(self._cost(source) for source in gathered.sources)
        self._entries: list[StoredImage] = []
        self._files: list[SourceRecord] = []
        self._contents: set[str] = set()

    def run(self) -> None:
        """Decode everything and put the new store in its place. Raises `LimnerError`."""
        with StoreWriter(self._folder) as writer, ThreadPoolExecutor(_workers()) as pool:
            for task in self._ahead(pool):
                done = self._done
                self._progress(done, self._total, _WHAT)
                self._files.append(self._record(task, writer))
                self._done = done + self._cost(task.source)
            self._progress(self._done, self._total, _WHAT)
            self._refuse_few()
            writer.commit(self._settings, _hold_out(self._entries), self._files)

    def _cost(self, source: Source) -> int:
        return self._settings.frames if source.kind == "video" else 1

    def _ahead(self, pool: ThreadPoolExecutor) -> Iterator[_Task]:
        """The tasks in order, while threads decode those that come next."""
        waiting: deque[_Task] = deque()
        for source in self._gathered.sources:
            waiting.append(self._task(source, pool))
            if len(waiting) > 2 * _workers():
                yield waiting.popleft()
        yield from waiting

    def _task(self, source: Source, pool: ThreadPoolExecutor) -> _Task:
        try:
            stamps = source.stamps()
        except OSError:
            stamps = ()
        known = self._known.get(stamps) if stamps else None
        if source.kind == "video" or (known is not None and not known.duplicate):
            return _Task(source, stamps, known, None)
        return _Task(source, stamps, None, pool.submit(_decode_source, source, self._settings))

    def _record(self, task: _Task, writer: StoreWriter) -> SourceRecord:
        """Write the pictures of one source; the record tells what came of it."""
        first = len(self._entries)
        stamps, content, reason, duplicate = task.stamps, "", "", False
        try:
            content = self._content(task)
            duplicate = content in self._contents
            if not duplicate:
                self._add_all(task, content, writer)
                self._contents.add(content)
        except UnreachableFile as error:
            # Without a stamp it is tried again the next time.
            stamps, reason = (), str(error)
        except UnreadableFile as error:
            reason = str(error)
        return SourceRecord(
            name=task.source.name,
            stamps=stamps,
            content=content,
            reason=reason,
            duplicate=duplicate,
            video=task.source.kind == "video",
            first=first,
            count=len(self._entries) - first,
        )

    def _content(self, task: _Task) -> str:
        if task.known is not None:
            if task.known.reason:
                raise UnreadableFile(task.known.reason)
            return task.known.content
        if task.future is not None:
            return task.future.result().content
        return _hash_of(task.source.path)

    def _add_all(self, task: _Task, content: str, writer: StoreWriter) -> None:
        if task.known is not None and self._earlier is not None and task.known.count:
            for index in range(task.known.first, task.known.first + task.known.count):
                self._add_known(self._earlier, index, writer)
        elif task.future is not None:
            self._add(task.future.result().piece, writer)
        else:
            self._add_frames(task.source, content, writer)

    def _add_known(self, earlier: ImageStore, index: int, writer: StoreWriter) -> None:
        offset = writer.add(earlier.image(index))
        if earlier.is_paired():
            writer.add(earlier.input_image(index))
        self._entries.append(replace(earlier.index.entries[index], offset=offset))

    def _add_frames(self, source: Source, content: str, writer: StoreWriter) -> None:
        clip = measure_video(source.path)
        frames = read_frames(source.path, self._settings.frames)
        for count, frame in enumerate(frames, start=1):
            stretch = int(HOLD_OUT_EVERY * frame.seconds / clip.seconds)
            for square in plan_squares(*frame.image.size):
                where = f", {square.where}" if square.where else ""
                name = f"{source.name} at {frame.seconds:.2f} s{where}"
                part = frame.image.crop(square.box)
                key = _digest(f"{content} {stretch}".encode())
                self._add(_prepare_image(name, part, None, key, self._settings), writer)
            self._progress(self._done + count, self._total, _WHAT)

    def _add(self, piece: _Prepared, writer: StoreWriter) -> None:
        height, width, _ = piece.target.shape
        offset = writer.add(piece.target)
        if piece.input is not None:
            writer.add(piece.input)
        self._entries.append(
            StoredImage(
                name=piece.name,
                offset=offset,
                height=height,
                width=width,
                split=piece.split,
                held_out=False,
                enlarged=piece.enlarged,
                trimmed=piece.trimmed,
            )
        )
        self.decoded += 1

    def _refuse_few(self) -> None:
        if len(self._entries) >= 2:
            return
        wanted = "At least 2 pictures are needed, and 200 or more are recommended"
        bad = [(file.name, file.reason) for file in self._files if file.reason]
        bad += self._gathered.skipped
        example = f", and of those passed over, {bad[0][0]} {bad[0][1]}" if bad else ""
        found = f"only {self._entries[0].name} could be used" if self._entries else "none could be read"
        raise LimnerError(f"{wanted}: {found}{example}.")


def _workers() -> int:
    return min(4, os.cpu_count() or 1)


def _decode_source(source: Source, settings: StoreSettings) -> _Decoded:
    """Read one image file (and its partner). Raises `UnreadableFile`."""
    split = _hash_of(source.path)
    room = 2 * settings.short_side  # to shrink from: sharper than a JPEG decoded just large enough
    if settings.pairs in {"left", "right"}:
        image = read_image(source.path, at_least=2 * room)
        target, shown = _split_halves(image, settings.pairs)
    else:
        target, shown = read_image(source.path, at_least=room), None
    content = split
    if source.partner is not None:
        content = _digest((split + _hash_of(source.partner)).encode())
        shown = _read_partner(source.partner, room)
    return _Decoded(content, _prepare_image(source.name, target, shown, split, settings))


def _split_halves(image: Image.Image, side: str) -> tuple[Image.Image, Image.Image]:
    """The target and the input half of a picture."""
    half = image.width // 2
    if half == 0:
        raise UnreadableFile("is too narrow to hold a picture on each side")
    left = image.crop((0, 0, half, image.height))
    right = image.crop((image.width - half, 0, image.width, image.height))
    return (right, left) if side == "left" else (left, right)


def _read_partner(path: Path, room: int) -> Image.Image:
    try:
        return read_image(path, at_least=room)
    except UnreadableFile as error:
        raise type(error)(f"has a partner, {path.name}, which {error}") from error


def _prepare_image(
    name: str, target: Image.Image, shown: Image.Image | None, split: str, settings: StoreSettings
) -> _Prepared:
    how = plan_resize(*target.size, settings.short_side)
    return _Prepared(
        name=name,
        target=np.asarray(resize(target, how)),
        input=None if shown is None else _match_sizes(shown, target, settings.short_side),
        split=split,
        enlarged=how.enlarged,
        trimmed=how.trimmed,
    )


def _match_sizes(shown: Image.Image, target: Image.Image, short_side: int) -> Pixels:
    """An input cut and sized just as its target, which may have another resolution but not shape."""
    aspect = (shown.width / shown.height) / (target.width / target.height)
    if not 1 / _ALIKE < aspect < _ALIKE:
        raise UnreadableFile(
            f"is {target.width} x {target.height} and its input {shown.width} x {shown.height}: "
            "a pair needs one shape"
        )
    how = plan_resize(*target.size, short_side)
    across, down = shown.width / target.width, shown.height / target.height
    left, top, right, bottom = how.box
    box = (left * across, top * down, min(right * across, shown.width), min(bottom * down, shown.height))
    return np.asarray(resize(shown, replace(how, box=box)))


def _hash_of(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=8)).hexdigest()
    except OSError as error:
        raise UnreachableFile(f"cannot be opened ({error.strerror})") from error


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _hold_out(entries: Sequence[StoredImage]) -> list[StoredImage]:
    """The entries with their `held_out` decided by their `split` alone (see `limner.data.prepare`)."""
    keys = sorted({entry.split for entry in entries})
    held = {key for key in keys if int(key, 16) < 2**64 // HOLD_OUT_EVERY} or {keys[0]}
    if len(held) == len(keys):
        # Nothing would be left to train on.
        held = {keys[0]}
    if len(keys) == 1:
        return [replace(entry, held_out=at == 0) for at, entry in enumerate(entries)]
    return [replace(entry, held_out=entry.split in held) for entry in entries]
