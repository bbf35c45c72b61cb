"""Fetching a data set: from its mirrors or from a folder of the user's, checked, and stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.datasets import cars
from limner.data.datasets.catalog import Dataset, SourceFile, find_dataset
from limner.data.datasets.cifar import read_batches
from limner.data.datasets.download import download
from limner.data.datasets.idx import read_idx
from limner.data.datasets.jpeg_copy import ARCHIVES, digest_of, read_jpegs
from limner.data.datasets.location import data_folder
from limner.data.datasets.storage import Stored, array_files, write_stored
from limner.data.datasets.transfer import Patience, discard, url_of
from limner.data.datasets.unpacking import WrongContentError, unpack
from limner.display import printable
from limner.errors import LimnerError, system_reason
from limner.lock import folder_lock
from limner.progress import Progress, no_progress

JPEG_COPY = "JPEG copy"
"""The note of CIFAR-10 from JPEG files."""

KEYS = ("train-images", "train-labels", "test-images", "test-labels")
"""The arrays of a set of pictures, in the order of the files of a set in MNIST's format."""


def fetch(
    name: str,
    *,
    folder: Path | None = None,
    patience: Patience | None = None,
    progress: Progress = no_progress,
) -> Stored:
    """Download a data set and store it, in place of an earlier one.

    `folder` is to hold all data sets; None stands for the user's. What arrives is kept in a folder beside
    the sets until all of it is there: the same call goes on from there after any interruption. Raises
    LimnerError with a sentence where it cannot be fetched or stored; an earlier set stays as it was.
    """
    dataset = find_dataset(name)
    arrivals = (folder or data_folder()) / "downloads" / name
    paths = [arrivals / source.name for source in dataset.files]
    with folder_lock(arrivals, "written"):
        for source, path in zip(dataset.files, paths, strict=True):
            if not _is_whole(path, source):
                download(dataset, source, arrivals, patience or Patience(), progress)
        contents = [unpack(path, source) for source, path in zip(dataset.files, paths, strict=True)]
        addresses = tuple(map(url_of, paths))
        stored = write_stored(dataset, _build(dataset, contents), folder=folder, source=addresses)
        for path in paths:
            discard(path)
    for path in (arrivals, arrivals.parent):
        with suppress(OSError):  # another set is being fetched
            path.rmdir()
    return stored


def fetch_from(
    name: str, source: Path, *, folder: Path | None = None, progress: Progress = no_progress
) -> Stored:
    """Read a data set from files in the folder `source` and store it, in place of an earlier one.

    The files have the names that their mirrors have; gzipped ones may be unpacked. For CIFAR-10, two
    archives of JPEG files do as well (`limner.data.datasets.jpeg_copy`): the set is then marked as a
    copy. `folder` is as for `fetch`. Raises LimnerError with a sentence where a file is missing or is
    another; an earlier set stays as it was.
    """
    dataset = find_dataset(name)
    if not source.is_dir():
        raise LimnerError(f"{printable(source)} is no folder: give one with {_name_files(dataset)}.")
    if name == "cifar10" and not (source / dataset.files[0].name).exists():
        return _fetch_jpegs(dataset, source, folder, progress)
    paths = [_find(dataset, file, source) for file in dataset.files]
    contents = []
    for file, path in zip(dataset.files, paths, strict=True):
        with _sentence(dataset, path):
            contents.append(unpack(path, file))
    names = tuple(path.name for path in paths)
    return write_stored(dataset, _build(dataset, contents), folder=folder, source=names)


def _fetch_jpegs(dataset: Dataset, source: Path, folder: Path | None, progress: Progress) -> Stored:
    arrays: dict[str, NDArray[np.uint8]] = {}
    names = []
    for split, name in ARCHIVES.items():
        path = source / name
        if not path.is_file():
            names_of_jpegs = " and ".join(ARCHIVES.values())
            raise LimnerError(
                f"{printable(source)} has neither {_name_files(dataset)} nor {names_of_jpegs}."
            )
        with _sentence(dataset, path):
            images, labels = read_jpegs(path, split, dataset.classes, dataset.counts[split], progress)
            names.append(f"{name}, sha256 {digest_of(path)}")
        arrays |= {f"{split}-images": images, f"{split}-labels": labels}
    return write_stored(dataset, array_files(arrays), folder=folder, source=tuple(names), note=JPEG_COPY)


def _is_whole(path: Path, source: SourceFile) -> bool:
    """Whether an earlier call has fetched this file."""
    try:
        unpack(path, source)
    except (OSError, WrongContentError):
        return False
    return True


def _find(dataset: Dataset, file: SourceFile, folder: Path) -> Path:
    """The file in the folder, packed or, where that is allowed, unpacked."""
    names = [file.name, file.name.removesuffix(".gz")] if file.packing == "gzip" else [file.name]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise LimnerError(
        f"{printable(folder)} lacks {file.name}: {dataset.title} needs {_name_files(dataset)}."
    )


def _name_files(dataset: Dataset) -> str:
    names = [file.name for file in dataset.files]
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]


@contextmanager
def _sentence(dataset: Dataset, path: Path) -> Iterator[None]:
    """Turn a wrong or unreadable file into a LimnerError."""
    try:
        yield
    except WrongContentError as error:
        raise LimnerError(f"{printable(path)} is not that of {dataset.title}: {error}.") from error
    except OSError as error:
        raise LimnerError(f"{printable(path)} cannot be read: {system_reason(error)}.") from error


def _build(dataset: Dataset, contents: Sequence[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files to store, from the contents of the source files in the catalog's order.

    What fails here has the right sha256, so the fault is the catalog's: it is told all the same.
    """
    try:
        if dataset.name == "cars":
            content = contents[0][cars.FILE]
            cars.read_rows(content, dataset.counts["rows"])
            return {cars.FILE: content}
        arrays = _read_cifar(contents[0]) if dataset.name == "cifar10" else _read_idx_files(contents)
        for split, count in dataset.counts.items():
            images, labels = arrays[f"{split}-images"], arrays[f"{split}-labels"]
            if not (len(images) == len(labels) == count) or int(labels.max()) >= len(dataset.classes):
                raise ValueError(f"it has {len(images):,} pictures and {len(labels):,} labels for {split}")
    except ValueError as error:
        raise LimnerError(f"{dataset.title} cannot be read: {error}.") from error
    return array_files(arrays)


def _read_cifar(contents: Mapping[str, bytes]) -> dict[str, NDArray[np.uint8]]:
    """The batches are named data_batch_1.bin to data_batch_5.bin, and test_batch.bin."""
    names = sorted(contents)
    train, test = (
        read_batches([contents[name] for name in names if Path(name).name.startswith(prefix)])
        for prefix in ("data_", "test_")
    )
    return dict(zip(KEYS, (*train, *test), strict=True))


def _read_idx_files(contents: Sequence[Mapping[str, bytes]]) -> dict[str, NDArray[np.uint8]]:
    """Pictures get an axis of one channel."""
    arrays = [read_idx(content) for each in contents for content in each.values()]
    if [array.ndim for array in arrays] != [3, 1, 3, 1]:
        raise ValueError("its files are not pictures and labels in turn")
    return {
        key: array[:, None] if array.ndim == 3 else array for key, array in zip(KEYS, arrays, strict=True)
    }
