"""One run of preparing pictures: decode them in order, write each to the store, hold some out.

A few threads decode (Pillow releases the GIL while it decodes), at most a handful of pictures ahead of the
writer: a thousand photos need no more memory than eight.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from limner.data.decode import ClipReader, decode_source, hash_text, measure_clip
from limner.data.images import ResizePlan, UnreachableFile, UnreadableFile, plan_resize, resize
from limner.data.sources import FileStamp, Source, SourceList
from limner.data.store import ImageStore, Pixels, SourceRecord, StoredImage, StoreSettings, StoreWriter
from limner.data.strokes import paint_strokes
from limner.display import printable
from limner.errors import LimnerError
from limner.progress import Progress

HOLD_OUT_EVERY = 20
"""One in this many is held out: pictures, or segments of a video."""

_PROGRESS_LABEL = "Decoding pictures"


@dataclass(frozen=True)
class _PreparedImage:
    """One decoded picture, ready for the store."""

    name: str
    target: Pixels
    input: Pixels | None
    split: str
    enlarged: bool
    trimmed: bool
    first_page: bool = False


@dataclass(frozen=True)
class _PreparedFile:
    """One file: the hash of its bytes (and its partner's), and its picture; None for a clip."""

    content: str
    image: _PreparedImage | None


@dataclass(frozen=True)
class _Task:
    """One source, with its record in the earlier store or the future of its decoding."""

    source: Source
    stamps: tuple[FileStamp, ...]
    record: SourceRecord | None
    future: Future[_PreparedFile] | None


class StoreBuilder:
    """Fills one store. `decoded` is the number of pictures that the earlier store did not have.

    `counts` are the pictures and frames of each source, as far as they are known, for the progress.
    """

    def __init__(
        self,
        source_list: SourceList,
        folder: Path,
        settings: StoreSettings,
        earlier: ImageStore | None,
        *,
        counts: Sequence[int],
        progress: Progress,
    ) -> None:
        self.decoded = 0
        self._source_list = source_list
        self._folder = folder
        self._settings = settings
        self._earlier = earlier
        self._records = {} if earlier is None else earlier.reusable_records()
        self._progress = progress
        self._done = 0
        self._units = 0  # of the source at work
        self._counts = counts
        self._total = sum(counts)
        self._entries: list[StoredImage] = []
        self._files: list[SourceRecord] = []
        self._contents: set[str] = set()

    def run(self) -> None:
        """Decode all sources and replace the earlier store. Raises `LimnerError`."""
        with StoreWriter(self._folder) as writer, ThreadPoolExecutor(_workers()) as pool:
            for task, count in zip(self._submit_ahead(pool), self._counts, strict=True):
                self._units = count
                self._progress(self._done, self._total, _PROGRESS_LABEL)
                self._files.append(self._record(task, writer))
                self._done += self._units
            self._progress(self._done, self._total, _PROGRESS_LABEL)
            self._require_two_pictures()
            writer.commit(self._settings, _hold_out(self._entries), self._files)

    def _submit_ahead(self, pool: ThreadPoolExecutor) -> Iterator[_Task]:
        """Yield the tasks in order, while threads decode the next ones."""
        waiting: deque[_Task] = deque()
        for source in self._source_list.sources:
            waiting.append(self._make_task(source, pool))
            if len(waiting) > 2 * _workers():
                yield waiting.popleft()
        yield from waiting

    def _make_task(self, source: Source, pool: ThreadPoolExecutor) -> _Task:
        stamps = stamps_of(source)
        if (record := self._records.get(stamps)) is not None:
            return _Task(source, stamps, record, None)
        return _Task(source, stamps, None, pool.submit(_prepare_source, source, self._settings))

    def _record(self, task: _Task, writer: StoreWriter) -> SourceRecord:
        """Write the pictures of one source and return its record."""
        first = len(self._entries)
        stamps, content, reason, left_out, duplicate = task.stamps, "", "", "", False
        is_clip = task.source.kind == "video"
        try:
            content, is_clip = self._judge(task)
            duplicate = content in self._contents
            if not duplicate:
                left_out = self._add_pictures(task, content, writer)
                self._contents.add(content)
        except UnreachableFile as error:
            # Without stamps, the next run tries the file again.
            stamps, reason = (), str(error)
        except UnreadableFile as error:
            reason = str(error)
        return SourceRecord(
            name=task.source.name,
            stamps=stamps,
            content=content,
            reason=reason,
            duplicate=duplicate,
            video=is_clip,
            first=first,
            count=len(self._entries) - first,
            left_out=left_out,
        )

    def _judge(self, task: _Task) -> tuple[str, bool]:
        """The hash of a source's content, and whether it is a clip. Raises `UnreadableFile`."""
        if task.future is not None:
            prepared = task.future.result()
            return prepared.content, prepared.image is None
        assert task.record is not None
        if task.record.reason:
            raise UnreadableFile(task.record.reason)
        return task.record.content, task.record.video

    def _add_pictures(self, task: _Task, content: str, writer: StoreWriter) -> str:
        """Add the pictures of a source; returns what damage cost a clip."""
        if task.record is not None and self._earlier is not None:
            for index in range(task.record.first, task.record.first + task.record.count):
                self._copy_earlier(self._earlier, index, writer)
            return task.record.left_out
        if task.future is not None and (image := task.future.result().image) is not None:
            self._add_image(image, writer)
            return ""
        return self._add_frames(task.source, content, writer)

    def _copy_earlier(self, earlier: ImageStore, index: int, writer: StoreWriter) -> None:
        offset = writer.add(earlier.image(index))
        if earlier.is_paired():
            writer.add(earlier.input_image(index))
        self._entries.append(replace(earlier.index.entries[index], offset=offset))

    def _add_frames(self, source: Source, content: str, writer: StoreWriter) -> str:
        clip = measure_clip(source)
        frames = ClipReader(source, clip, self._settings.frames)
        units = min(self._settings.frames, clip.frames)
        self._total += units - self._units  # an animation was counted as one picture
        self._units = units
        for count, squares in enumerate(frames, start=1):
            for square in squares:
                key = hash_text(f"{content} {int(HOLD_OUT_EVERY * square.position)}")
                plan = plan_resize(*square.image.size, self._settings.short_side)
                image = _prepare_image(square.name, square.image, plan, key, self._settings)
                self._add_image(image, writer)
            self._progress(self._done + min(count, units), self._total, _PROGRESS_LABEL)
        return frames.left_out

    def _add_image(self, image: _PreparedImage, writer: StoreWriter) -> None:
        height, width, _ = image.target.shape
        offset = writer.add(image.target)
        if image.input is not None:
            writer.add(image.input)
        self._entries.append(
            StoredImage(
                name=image.name,
                offset=offset,
                height=height,
                width=width,
                split=image.split,
                held_out=False,
                enlarged=image.enlarged,
                trimmed=image.trimmed,
                first_page=image.first_page,
            )
        )
        self.decoded += 1

    def _require_two_pictures(self) -> None:
        if len(self._entries) >= 2:
            return
        needed = "At least 2 pictures are needed, and 200 or more are recommended"
        skipped = [(file.name, file.reason) for file in self._files if file.reason]
        skipped += self._source_list.skipped
        example = printable(f". For example, {skipped[0][0]} {skipped[0][1]}") if skipped else ""
        found = (
            f"only {printable(self._entries[0].name)} could be used"
            if self._entries
            else "none could be read"
        )
        raise LimnerError(f"{needed}, but {found}{example}.")


def stamps_of(source: Source) -> tuple[FileStamp, ...]:
    """The source's stamps; empty if it cannot be reached."""
    try:
        return source.stamps()
    except OSError:
        return ()


def _workers() -> int:
    return min(4, os.cpu_count() or 1)


def _prepare_source(source: Source, settings: StoreSettings) -> _PreparedFile:
    """Decode and resize one file. Raises `UnreadableFile`."""
    decoded = decode_source(source, settings)
    still = decoded.still
    if still is None:
        return _PreparedFile(decoded.content, None)
    image = _prepare_image(source.name, still.image, still.plan, decoded.split, settings)
    if still.input is not None:
        image = replace(image, input=_resize_input(still.input, still.image, still.plan))
    return _PreparedFile(decoded.content, replace(image, first_page=still.has_more_pages))


def _prepare_image(
    name: str, target: Image.Image, plan: ResizePlan, split: str, settings: StoreSettings
) -> _PreparedImage:
    picture = resize(target, plan)
    return _PreparedImage(
        name=name,
        target=np.asarray(paint_strokes(picture) if settings.strokes else picture),
        input=None,
        split=split,
        enlarged=plan.enlarged,
        trimmed=plan.trimmed,
    )


def _resize_input(input_image: Image.Image, target: Image.Image, plan: ResizePlan) -> Pixels:
    """Crop and resize an input exactly like its target. Their resolutions may differ, their shapes not."""
    scale_x, scale_y = input_image.width / target.width, input_image.height / target.height
    left, top, right, bottom = plan.box
    right, bottom = min(right * scale_x, input_image.width), min(bottom * scale_y, input_image.height)
    box = (left * scale_x, top * scale_y, right, bottom)
    return np.asarray(resize(input_image, replace(plan, box=box)))


def _hold_out(entries: Sequence[StoredImage]) -> list[StoredImage]:
    """The entries with `held_out` set; it depends on `split` alone (see `limner.data.prepare`)."""
    keys = sorted({entry.split for entry in entries})
    held_keys = {key for key in keys if int(key, 16) < 2**64 // HOLD_OUT_EVERY} or {keys[0]}
    if len(held_keys) == len(keys):
        # Nothing would be left to train on.
        held_keys = {keys[0]}
    if len(keys) == 1:
        return [replace(entry, held_out=index == 0) for index, entry in enumerate(entries)]
    return [replace(entry, held_out=entry.split in held_keys) for entry in entries]
