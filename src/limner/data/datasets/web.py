"""A data set as files for a web page: the lab fetches them from its own folder.

Arrays are idx files, gzipped: a page that reads these reads people's own MNIST files too, and any static
host serves them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.datasets import cars
from limner.data.datasets.catalog import DatasetName
from limner.data.datasets.idx import write_idx
from limner.data.datasets.labelled import LabelledImages, Split, load_labelled
from limner.data.datasets.storage import About, read_stored
from limner.errors import LimnerError

COUNTS = {"mnist": (10_000, 2_000), "fashion": (10_000, 2_000), "cifar10": (2_000, 500)}
"""Pictures of training and test by set: some megabytes, which a page can fetch."""

SEED = 0
"""Of the choice of pictures, the same in each page. Files may be ordered: the first ones may differ."""


def web_files(
    name: DatasetName, *, train: int | None = None, test: int | None = None, folder: Path | None = None
) -> dict[str, bytes]:
    """The files that a page needs of the data set `name`, by file name.

    Of pictures: `NAME-train-images.idx.gz`, bytes on four axes (n, channels, height, width), and
    `NAME-train-labels.idx.gz`, bytes on one; the same for `test`; and `NAME.json`, which names them and
    has the title, classes, note, licence and citation. `train` and `test` are the numbers of pictures,
    drawn at random with a fixed seed; all of them where there are fewer; `COUNTS` where not given. Of
    cars: `cars.json` as its authors wrote it, and `cars-about.json`. Raises LimnerError where the set is
    not there or damaged, or a number is below 1.
    """
    if name == "cars":
        stored = read_stored(name, folder)
        about = _about(stored.about) | {"files": {"rows": cars.FILE}, "counts": dict(stored.about.counts)}
        return {cars.FILE: stored.read(cars.FILE), "cars-about.json": _json(about)}
    counts = [
        usual if given is None else given for given, usual in zip((train, test), COUNTS[name], strict=True)
    ]
    if min(counts) < 1:
        raise LimnerError(f"A page needs one picture or more of each split, not {train} and {test}.")
    images = load_labelled(name, folder)
    files: dict[str, bytes] = {}
    splits = {"train": _draw(images.train, counts[0]), "test": _draw(images.test, counts[1])}
    for split, part in splits.items():
        files[f"{name}-{split}-images.idx.gz"] = _pack(part.images)
        files[f"{name}-{split}-labels.idx.gz"] = _pack(part.labels.astype(np.uint8))
    about = _about(read_stored(name, folder).about) | {
        "title": images.title,
        "classes": images.classes,
        "counts": {split: len(part.labels) for split, part in splits.items()},
        "counts_of_all": _counts(images),
        "files": {key.removeprefix(f"{name}-").removesuffix(".idx.gz"): key for key in files},
    }
    return files | {f"{name}.json": _json(about)}


def _draw(split: Split, count: int) -> Split:
    """`count` of the pictures, in their order."""
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(split.labels))[:count])
    return Split(split.images[chosen], split.labels[chosen])


def _pack(array: NDArray[Any]) -> bytes:
    # Without a time of writing: the same pictures are the same bytes.
    return gzip.compress(write_idx(array), compresslevel=9, mtime=0)


def _counts(images: LabelledImages) -> dict[str, int]:
    return {"train": len(images.train.labels), "test": len(images.test.labels)}


def _about(about: About) -> dict[str, Any]:
    keys = ("name", "title", "note", "licence", "citation", "homepage", "sha256")
    return {key: getattr(about, key) for key in keys}


def _json(about: Mapping[str, Any]) -> bytes:
    return (json.dumps(about, indent=2) + "\n").encode()
