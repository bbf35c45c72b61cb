"""CIFAR-10 as JPEG files in two tars: a copy with losses, for machines that cannot reach the original.

Such copies are common on GitHub. Their pictures are not the original's: accuracies measured on them
cannot be compared exactly with published ones, so the set says that it is a copy.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.data.datasets.cifar import SIDE
from limner.data.datasets.unpacking import WrongContentError, open_tar
from limner.decoders import IMAGE_FAULTS
from limner.progress import Progress

ARCHIVES = {"train": "cifar10-train-jpg.tar.gz", "test": "cifar10-test-jpg.tar.gz"}
"""By split. In them: SPLIT/CLASS/NUMBER.jpg."""

MAX_PICTURE = 1 << 14
"""Bytes of one picture: 32x32 pixels without any compression have 3,072."""


def read_jpegs(
    path: Path, split: str, classes: tuple[str, ...], count: int, progress: Progress
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pictures, (n, 3, 32, 32), and classes, (n,), of an archive of JPEGs.

    It must have `count` pictures, as many of each class. The archive's order is by class; theirs is the
    first of each class, then the second of each, so that any first pictures are of all classes. Raises
    WrongContentError with the reason where the archive is another, OSError where it cannot be read.
    """
    found: dict[tuple[int, int], NDArray[np.uint8]] = {}
    pattern = re.compile(rf"(?:\./)?{split}/({'|'.join(map(re.escape, classes))})/(\d{{1,6}})\.jpe?g")
    limit = count * (MAX_PICTURE + 1024) + (1 << 20)
    with open_tar(path, limit) as archive:
        for member in archive:
            if member.isdir():
                continue
            match = pattern.fullmatch(member.name)
            if match is None or not member.isreg() or member.size > MAX_PICTURE:
                raise WrongContentError(f"{member.name[:80]!r} in it is no picture of this set")
            file = archive.extractfile(member)
            assert file is not None  # it is a regular file
            key = int(match[2]), classes.index(match[1])
            found[key] = _decode(file.read(), member.name)
            progress(len(found), count, f"Reading {path.name}")
    per_class = [sum(kind == label for _, kind in found) for label in range(len(classes))]
    if any(number * len(classes) != count for number in per_class):
        raise WrongContentError(
            f"it has {len(found):,} pictures, {min(per_class):,} to {max(per_class):,} a class, instead of "
            f"{count:,}, {count // len(classes):,} a class"
        )
    order = sorted(found)
    images = np.stack([found[key] for key in order]).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(images), np.array([label for _, label in order], np.uint8)


def digest_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _decode(content: bytes, name: str) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            if image.size != (SIDE, SIDE) or image.mode != "RGB":
                size = f"{image.width}x{image.height}"
                raise WrongContentError(f"{name!r} in it is {size} {image.mode}, not {SIDE}x{SIDE} RGB")
            return np.asarray(image)
    except IMAGE_FAULTS as error:
        raise WrongContentError(f"{name!r} in it is no intact JPEG") from error
