"""Pictures: files and videos decoded once into a store that training maps into memory.

```python
pictures, report = prepare([Path("photos"), Path("clip.mp4")], Path("store"), pixels=256, progress=silently)
pictures.picture(0)  # uint8 (333, 500, 3), a view into the memory map
```

What is unchanged since the last time is taken from the earlier store. About one picture in twenty is
held out of training. Which ones is decided by a hash of the source file's bytes, so that the split stays
as it is when pictures are added; frames of a video are held out by whole stretches (a twentieth of the
video each), since neighbouring frames are nearly the same picture and would tell on each other. Where
chance holds none out, which is usual below twenty pictures, the one with the smallest hash is.
"""

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from limner.data.builder import StoreBuilder
from limner.data.images import UnreadableFile
from limner.data.pairs import Side
from limner.data.report import PrepareReport
from limner.data.sources import Source, find_sources
from limner.data.store import ImageStore, StoreSettings, open_store
from limner.data.videos import measure_video
from limner.errors import LimnerError
from limner.progress import Progress


def short_side_for(pixels: int) -> int:
    """Short side of the stored pictures: room for crops at 100 to 130 % without enlarging them."""
    return math.ceil(1.3 * pixels - 1e-9)


def prepare(
    sources: Sequence[Path],
    folder: Path,
    *,
    pixels: int,
    inputs: Path | None = None,
    side: Side | None = None,
    frames: int = 400,
    progress: Progress,
) -> tuple[ImageStore, PrepareReport]:
    """Decode pictures and videos into a store in `folder`, and open it.

    `inputs` is a folder with a picture of the same name for each source: what the network is shown.
    `side` says instead that every source holds both, and which half is shown (pix2pix pairs).
    `frames` is the number of frames that are taken from each video, spread evenly over it.

    Raises `LimnerError` where there are fewer than two pictures, where a path does not exist, and where
    the disk is full or cannot be written. An earlier store in `folder` then stays as it was.
    """
    if pixels < 1 or frames < 1:
        raise LimnerError("The number of pixels and the number of frames must be 1 or more.")
    if inputs is not None and side is not None:
        raise LimnerError("Inputs are either in a folder of their own or one side of each picture.")
    settings = StoreSettings(
        pixels=pixels,
        short_side=short_side_for(pixels),
        frames=frames,
        pairs=side or ("none" if inputs is None else "inputs"),
    )
    gathered = find_sources(sources, inputs=inputs, pairs_only=side is not None)
    earlier = _earlier(folder, settings)
    if earlier is not None and _unchanged(gathered.sources, earlier):
        return earlier, PrepareReport.of(earlier, gathered.skipped, decoded=0)
    _refuse_small_disk(gathered.sources, folder, settings)
    preparation = StoreBuilder(gathered, folder, settings, earlier, progress)
    preparation.run()
    pictures = open_store(folder)
    return pictures, PrepareReport.of(pictures, gathered.skipped, decoded=preparation.decoded)


def _earlier(folder: Path, settings: StoreSettings) -> ImageStore | None:
    """The store that is there, if it can be read and was made with the same settings."""
    try:
        pictures = open_store(folder)
    except LimnerError:
        return None
    return pictures if pictures.index.settings == settings else None


def _unchanged(sources: Sequence[Source], earlier: ImageStore) -> bool:
    try:
        stamps = [source.stamps() for source in sources]
    except OSError:
        return False
    return stamps == [record.stamps for record in earlier.index.files]


def _refuse_small_disk(sources: Sequence[Source], folder: Path, settings: StoreSettings) -> None:
    """Raise `LimnerError` where the store cannot fit even if every picture is as small as may be."""
    each = settings.short_side**2 * 3 * (1 if settings.pairs == "none" else 2)
    needed = each * sum(_pictures_in(source, settings) for source in sources)
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise LimnerError(
            f"These pictures need at least {needed / 1e6:,.0f} MB in {folder}, where "
            f"{free / 1e6:,.0f} MB are free: make room, or choose another folder or fewer pixels."
        )


def _pictures_in(source: Source, settings: StoreSettings) -> int:
    if source.kind == "image":
        return 1
    try:
        return min(settings.frames, measure_video(source.path).frames)
    except UnreadableFile:
        return 0
