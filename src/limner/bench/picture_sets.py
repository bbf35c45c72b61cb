"""The picture sets of the quality benchmark: a part to train on, and a part that is held out of it.

```
NAME-256/
    set.json    mark, source, digest of the pictures
    training/   picture files
    held-out/   picture files
    store/      the training part, prepared
```

Of a folder, 30 % of the pictures are held out, by a hash of their bytes: copies stay on one side, and the
split stays the same when pictures are added. Drawn sets are drawn anew with another seed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from PIL import Image

from limner.data.decode import is_still
from limner.data.images import UnreadableFile
from limner.data.prepare import prepare, short_side_for
from limner.data.sources import find_sources
from limner.data.store import ImageStore
from limner.data.synthetic.draw import draw
from limner.data.synthetic.subjects import Subject
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_folder
from limner.mark import save_options
from limner.progress import Progress, no_progress
from limner.reading import read_json
from limner.slug import slugify

HELD_OUT_SHARE = 0.3

DRAWN = 300
"""Pictures of a drawn set, and as many that are held out."""

TRAINING_SEED, HELD_OUT_SEED = 1, 2
"""Seeds of drawn sets: `limner demo` trains on the first."""

FORMAT = 2


@dataclass(frozen=True)
class PictureSet:
    """A prepared set."""

    name: str
    folder: Path
    digest: str
    """Changes with the pictures."""
    is_drawn: bool
    """Whether limner drew the pictures."""
    store: ImageStore

    @property
    def training(self) -> Path:
        """The folder of the training pictures."""
        return self.folder / "training"

    @property
    def held_out(self) -> Path:
        """The folder of the held-out pictures."""
        return self.folder / "held-out"


def set_name(source: str) -> str:
    """The name of a set: that of its folder, or of what is drawn."""
    return source if source in get_args(Subject) else slugify(Path(source).resolve().name)


def prepare_set(
    source: str, folder: Path, pixels: int, *, drawn: int = DRAWN, progress: Progress = no_progress
) -> PictureSet:
    """The set of a folder of pictures, or of a subject that is drawn; kept in `folder`.

    Raises LimnerError where the pictures changed since, something else is in the set's place, or too few
    can be read.
    """
    name = set_name(source)
    place = folder / f"{name}-{pixels}"
    subject = next((subject for subject in get_args(Subject) if subject == source), None)
    digest = f"drawn-{drawn}" if subject else digest_of(Path(source))
    if os.path.lexists(place):
        _check_unchanged(place, source, digest)
    else:
        with atomic_folder(place) as filling:
            parts = (filling / "training", filling / "held-out")
            for part in parts:
                part.mkdir()
            if subject:
                for part, seed in zip(parts, (TRAINING_SEED, HELD_OUT_SEED), strict=True):
                    _save(draw(subject, drawn, short_side_for(pixels), seed), part, drawn, progress)
            else:
                _split(Path(source), *parts)
            record = {"limner.set": FORMAT, "source": name, "digest": digest}
            (filling / "set.json").write_text(json.dumps(record, indent=1) + "\n")
    store, _ = prepare([place / "training"], place / "store", pixels=pixels, progress=progress)
    return PictureSet(name, place, digest, subject is not None, store)


def _check_unchanged(place: Path, source: str, digest: str) -> None:
    try:
        record = read_json(place / "set.json")
        is_same = record["limner.set"] == FORMAT and record["digest"] == digest
    except (OSError, ValueError, KeyError, TypeError):
        is_same = False
    if not is_same:
        raise LimnerError(
            f"The pictures of {printable(source)} are not those that {printable(place)} was made from: "
            "give another folder with --out, or delete that one."
        )


def _save(drawings: Iterator[Image.Image], folder: Path, count: int, progress: Progress) -> None:
    for number, picture in enumerate(drawings, start=1):
        picture.save(folder / f"{number:03}.png", **save_options("PNG", "drawing"))
        progress(number, count, f"drawings for {folder.name}")


def _split(source: Path, training: Path, held_out: Path) -> None:
    """Copy the pictures into two folders."""
    for path, hashed in _hashes(source):
        is_held_out = int(hashed[:8], 16) < HELD_OUT_SHARE * 2**32
        shutil.copyfile(path, (held_out if is_held_out else training) / f"{hashed[:16]}{path.suffix}")


def digest_of(source: Path) -> str:
    """A digest of the bytes of a folder's still pictures."""
    hashes = "".join(hashed for _, hashed in _hashes(source))
    return hashlib.sha256(hashes.encode()).hexdigest()[:16]


def _hashes(source: Path) -> Iterator[tuple[Path, str]]:
    """The still pictures of a folder and the SHA-256 of their bytes, in hexadecimal digits."""
    for found in find_sources([source]).sources:
        with suppress(UnreadableFile):
            if is_still(found):
                with found.path.open("rb") as file:
                    yield found.path, hashlib.file_digest(file, "sha256").hexdigest()
