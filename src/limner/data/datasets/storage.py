"""A data set on the disk: a folder of arrays as .npy and `dataset.json`, which says what they are.

No file of it can hold a program: arrays are read without pickle.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.datasets.catalog import Dataset, find_dataset
from limner.data.datasets.location import data_folder
from limner.display import printable
from limner.errors import LimnerError
from limner.files import atomic_folder
from limner.reading import read_json, read_regular

ABOUT = "dataset.json"
FORMAT = 1
"""Of `dataset.json`; a later one that cannot be read as this one gets another number."""


@dataclass(frozen=True)
class About:
    """What is known about a stored data set."""

    name: str
    title: str
    note: str
    """What distinguishes it from the original, such as `JPEG copy`; empty for the original."""
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    """Pictures by split; for cars, rows."""
    files: Mapping[str, str]
    """The sha256 of each file by its name."""
    source: tuple[str, ...]
    """The addresses it was fetched from, or the names of the files it was read from."""
    licence: str
    citation: str
    homepage: str

    @property
    def sha256(self) -> str:
        """One digest of all files."""
        lines = "".join(f"{self.files[name]}  {name}\n" for name in sorted(self.files))
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Stored:
    """A stored data set."""

    folder: Path
    about: About

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum((self.folder / name).stat().st_size for name in (ABOUT, *self.about.files))

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises LimnerError where it is missing, or changed since it was written."""
        try:
            content = read_regular(self.folder / name)
        except OSError as error:
            raise _damaged(self.folder, self.about.name, f"{name} cannot be read") from error
        if hashlib.sha256(content).hexdigest() != self.about.files.get(name):
            raise _damaged(self.folder, self.about.name, f"{name} has changed since it was written")
        return content

    def array(self, name: str) -> NDArray[np.uint8]:
        """The array `name`, without the ending of its file; in memory, contiguous and writable."""
        content = self.read(f"{name}.npy")
        try:
            array: NDArray[np.uint8] = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise _damaged(self.folder, self.about.name, f"{name}.npy is no array") from error
        return array


def set_folder(name: str, folder: Path | None = None) -> Path:
    """The folder of one data set, which may not exist."""
    return (folder or data_folder()) / name


def write_stored(
    dataset: Dataset,
    files: Mapping[str, bytes],
    *,
    folder: Path | None,
    source: tuple[str, ...],
    note: str = "",
) -> Stored:
    """Store a data set, in place of an earlier one. Raises LimnerError where the disk does not take it."""
    about = About(
        name=dataset.name,
        title=dataset.title,
        note=note,
        classes=dataset.classes,
        counts=dict(dataset.counts),
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        source=source,
        licence=dataset.licence,
        citation=dataset.citation,
        homepage=dataset.homepage,
    )
    target = set_folder(dataset.name, folder)
    with atomic_folder(target) as temporary:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        text = json.dumps({"limner.dataset": FORMAT, **asdict(about)}, indent=2)
        (temporary / ABOUT).write_text(text + "\n", encoding="utf-8")
    return Stored(target, about)


def array_files(arrays: Mapping[str, NDArray[np.uint8]]) -> dict[str, bytes]:
    """The files of arrays by name: .npy in C order."""
    files = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        files[f"{name}.npy"] = buffer.getvalue()
    return files


def read_stored(name: str, folder: Path | None = None) -> Stored:
    """The stored data set `name`. Its arrays are checked when they are read.

    Raises LimnerError with a sentence where it is not there, or its description is damaged.
    """
    dataset = find_dataset(name)
    stored = find_stored(name, folder)
    if stored is None:
        raise LimnerError(
            f"{dataset.title} is not on this machine: `limner data {name}` fetches it "
            f"(looked for in {printable(set_folder(name, folder))})."
        )
    return stored


def find_stored(name: str, folder: Path | None = None) -> Stored | None:
    """The stored data set `name`, or None where there is none. Raises LimnerError where it is damaged."""
    path = set_folder(name, folder)
    if not path.exists():
        return None
    try:
        about = read_json(path / ABOUT)
        if about.pop("limner.dataset") != FORMAT:
            raise ValueError("another format")
        return Stored(path, _parse(about))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, name, f"its {ABOUT} is missing or damaged") from error


def _parse(about: dict[str, Any]) -> About:
    texts = {key: about[key] for key in ("name", "title", "note", "licence", "citation", "homepage")}
    classes, source = tuple(about["classes"]), tuple(about["source"])
    files, counts = dict(about["files"]), dict(about["counts"])
    strings = (*texts.values(), *classes, *source, *files, *files.values())
    if not all(isinstance(text, str) for text in strings):
        raise ValueError("a text is none")
    if not all(isinstance(count, int) for count in counts.values()):
        raise ValueError("a count is none")
    # A name with a folder would lead out of the set's own.
    if any(Path(name).name != name for name in files):
        raise ValueError("a file has a path")
    return About(**texts, classes=classes, source=source, files=files, counts=counts)


def _damaged(path: Path, name: str, reason: str) -> LimnerError:
    return LimnerError(
        f"The data set in {printable(path)} is damaged ({reason}): `limner data {name}` stores it anew."
    )
