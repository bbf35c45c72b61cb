"""Decode pictures and videos once into a store that training memory-maps.

```python
sources = [Path("photos"), Path("clip.mp4")]
pictures, report = prepare(sources, Path("store"), pixels=256, progress=no_progress)
pictures.image(0)  # uint8 (333, 500, 3), a view into the memory map
```

Pictures of unchanged files are copied from the earlier store. About one picture in twenty is held out of
training. A hash of the source file's bytes decides which, so that the split stays the same when pictures
are added. Frames of a video are held out in segments (a twentieth of the frames each), because neighbouring
frames are nearly the same picture and would leak into the held-out split. If the hash holds none out, which
is usual below twenty pictures, the picture with the smallest hash is held out.
"""

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from limner.data.builder import StoreBuilder, stamps_of
from limner.data.images import UnreadableFile
from limner.data.pairs import Side
from limner.data.report import PrepareReport
from limner.data.sources import Source, find_sources
from limner.data.store import READING_RULES, ImageStore, StoreSettings, open_store
from limner.data.videos import measure_video
from limner.display import readable_size
from limner.errors import LimnerError
from limner.progress import Progress

_PROGRESS_LABEL = "Measuring videos"


def short_side_for(pixels: int) -> int:
    """Short side of the stored pictures: large enough for crops at 100 to 130 % without upscaling."""
    return math.ceil(1.3 * pixels - 1e-9)


def make_settings(
    *, pixels: int, frames: int, inputs: Path | None, side: Side | None, strokes: bool = False
) -> StoreSettings:
    """The settings of a store.

    Raises `LimnerError` for numbers below 1, and for two kinds of pairs at once.
    """
    if pixels < 1 or frames < 1:
        raise LimnerError("The number of pixels and the number of frames must be 1 or more.")
    if inputs is not None and side is not None:
        raise LimnerError("Give either a folder of inputs or the input's side of each picture, not both.")
    return StoreSettings(
        pixels=pixels,
        short_side=short_side_for(pixels),
        frames=frames,
        pairs=side or ("none" if inputs is None else "inputs"),
        rules=READING_RULES,
        strokes=strokes,
    )


def prepare(
    sources: Sequence[Path],
    folder: Path,
    *,
    pixels: int,
    inputs: Path | None = None,
    side: Side | None = None,
    frames: int = 400,
    strokes: bool = False,
    progress: Progress,
) -> tuple[ImageStore, PrepareReport]:
    """Decode pictures and videos into a store in `folder`, and open it.

    `inputs` is a folder with a picture of the same name for each source: the network's input.
    `side` says instead that every source holds both pictures, and which half is the input (pix2pix pairs).
    `frames` is the number of frames to take from each video, evenly spread over it.
    `strokes` paints the pictures anew with brush strokes (`limner.data.strokes`), but no inputs.

    Raises `LimnerError` if there are fewer than two pictures, if a path does not exist, and if the disk is
    full or cannot be written. An earlier store in `folder` is then unchanged.
    """
    settings = make_settings(pixels=pixels, frames=frames, inputs=inputs, side=side, strokes=strokes)
    source_list = find_sources(sources, inputs=inputs, pairs_only=side is not None)
    earlier = _open_earlier(folder, settings)
    if earlier is not None and _is_unchanged(source_list.sources, earlier):
        return earlier, PrepareReport.of(earlier, source_list.skipped, decoded=0)
    counts = _count_pictures(source_list.sources, settings, earlier, progress)
    _check_disk_space(sum(counts), folder, settings)
    builder = StoreBuilder(source_list, folder, settings, earlier, counts=counts, progress=progress)
    builder.run()
    pictures = open_store(folder)
    return pictures, PrepareReport.of(pictures, source_list.skipped, decoded=builder.decoded)


def _open_earlier(folder: Path, settings: StoreSettings) -> ImageStore | None:
    """The existing store, if it can be read and was made with the same settings."""
    try:
        pictures = open_store(folder)
    except LimnerError:
        return None
    return pictures if pictures.index.settings == settings else None


def _is_unchanged(sources: Sequence[Source], earlier: ImageStore) -> bool:
    try:
        stamps = [source.stamps() for source in sources]
    except OSError:
        return False
    return stamps == [record.stamps for record in earlier.index.files]


def _check_disk_space(pictures: int, folder: Path, settings: StoreSettings) -> None:
    """Raise `LimnerError` if the disk has no room for the store even with pictures of the smallest size."""
    bytes_per_picture = settings.short_side**2 * 3 * (1 if settings.pairs == "none" else 2)
    needed = bytes_per_picture * pictures
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise LimnerError(
            f"These pictures need at least {readable_size(needed)} in {folder}, where "
            f"{readable_size(free)} are free: free some space, or choose another folder or fewer pixels."
        )


def _count_pictures(
    sources: Sequence[Source], settings: StoreSettings, earlier: ImageStore | None, progress: Progress
) -> list[int]:
    """The least number of pictures that each source gives.

    An earlier store knows it of unchanged sources. Of others, videos are read for it, and animations are
    found later, when they are decoded.
    """
    records = {} if earlier is None else earlier.reusable_records()
    known = [records.get(stamps_of(source)) for source in sources]
    counts = [1 if record is None else record.count for record in known]
    unknown = [i for i, source in enumerate(sources) if source.kind == "video" and known[i] is None]
    for number, index in enumerate(unknown):
        progress(number, len(unknown), _PROGRESS_LABEL)
        counts[index] = _count_frames(sources[index].path, settings)
    if unknown:
        progress(len(unknown), len(unknown), _PROGRESS_LABEL)
    return counts


def _count_frames(path: Path, settings: StoreSettings) -> int:
    try:
        return min(settings.frames, measure_video(path).frames)
    except UnreadableFile:
        return 0
