"""Small data sets that tests make up."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from limner.data.datasets.catalog import CATALOG, Content, Dataset, SourceFile
from limner.data.datasets.fetch import fetch_from
from limner.data.datasets.idx import write_idx

TRAIN, TEST, SIDE = 600, 200, 8
"""Pictures of the made-up set, and pixels of a side."""


def tiny_contents() -> dict[str, bytes]:
    """The idx files of the made-up set: noise in ten classes, which does not pack well."""
    rng = np.random.default_rng(0)
    files = {}
    for split, count in (("train", TRAIN), ("test", TEST)):
        files[f"{split}-images"] = write_idx(rng.integers(0, 256, (count, SIDE, SIDE), np.uint8))
        files[f"{split}-labels"] = write_idx(rng.permutation(np.arange(count) % 10).astype(np.uint8))
    return files


def tiny_files() -> dict[str, bytes]:
    """The files as mirrors have them."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in tiny_contents().items()}


def tiny_dataset(*urls: str, name: str = "tiny", packed: bool = False) -> Dataset:
    """The made-up set at these mirrors; with `packed`, only the packed files' sha256 are known."""
    files = tiny_files()
    sources = []
    for key, content in tiny_contents().items():
        gz = files[f"{key}.gz"]
        sources.append(
            SourceFile(
                name=f"{key}.gz",
                packing="gzip",
                bytes=len(gz),
                urls=tuple(f"{url}{key}.gz" for url in urls),
                contents=MappingProxyType({key: Content(len(content), "" if packed else digest(content))}),
                packed_sha256=digest(gz) if packed else "",
            )
        )
    return Dataset(
        name=name,
        title="Tiny",
        about="noise",
        licence="Licence of noise",
        citation="A. Tester: Noise",
        homepage="http://noise.invalid/",
        files=tuple(sources),
        classes=tuple("0123456789"),
        counts=MappingProxyType({"train": TRAIN, "test": TEST}),
    )


def store_tiny_mnist(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Store the made-up set as MNIST, by files in `folder`, and return the folder of all sets."""
    monkeypatch.setitem(CATALOG, "mnist", tiny_dataset("http://unasked.invalid/", name="mnist"))
    (folder / "files").mkdir()
    for name, content in tiny_files().items():
        (folder / "files" / name).write_bytes(content)
    fetch_from("mnist", folder / "files", folder=folder / "sets")
    return folder / "sets"


def digest(content: bytes) -> str:
    """The sha256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def make_tar(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A gzipped tar: of bytes under these names, or of other members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
