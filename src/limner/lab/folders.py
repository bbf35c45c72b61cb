"""One's own pictures as examples: each folder is a class."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.data.arrays import center_crop
from limner.data.decode import is_clip
from limner.data.images import UnreadableFile, read_image
from limner.data.report import describe_skipped
from limner.data.sources import Skipped, find_sources
from limner.display import printable, quoted
from limner.errors import LimnerError
from limner.lab.examples import HOLD_OUT_SEED, Examples, Part
from limner.progress import Progress, no_progress
from limner.seeding import SHUFFLE, derive_generator
from limner.system_files import is_system_name

TITLE = "Own pictures"

MIN_PICTURES = 10
"""Fewest pictures of a class: some are held out and some are for the test."""

TEST_PART, HELD_OUT_PART = 5, 10
"""One picture of so many is for the test, and one is held out; at least one of each class."""

MAX_BYTES = 2**31
"""Most bytes of all pictures, which are kept in memory."""

MIN_PIXELS, MAX_PIXELS = 32, 256
"""Sides of the pictures that are learned from."""


def load_folders(
    paths: Sequence[Path],
    pixels: int,
    message: Callable[[str], None],
    progress: Progress = no_progress,
) -> Examples:
    """The pictures of some folders, cropped to squares of `pixels` a side, uint8 (n, 3, P, P).

    Each folder is a class of its name; of one folder, each folder in it is. `message` is told of files that
    are left out. Raises LimnerError for fewer than two classes, for a class with too few pictures, for two
    of the same name, and for a size out of range.
    """
    if not MIN_PIXELS <= pixels <= MAX_PIXELS:
        raise LimnerError(f"--pixels is {pixels}; choose {MIN_PIXELS} to {MAX_PIXELS}.")
    folders = _class_folders(paths)
    parts: list[list[tuple[Tensor, Tensor]]] = [[], [], []]
    skipped: list[Skipped] = []
    total = 0
    digest = hashlib.sha256()
    for number, folder in enumerate(folders):
        pictures = _read_folder(folder, pixels, skipped, progress)
        total += pictures.nbytes
        _check_count(folder, len(pictures), total)
        digest.update(number.to_bytes(4, "big") + pictures.tobytes())
        for part, indices in zip(parts, _split(len(pictures), number), strict=True):
            part.append((torch.from_numpy(pictures)[indices], torch.full((len(indices),), number)))
    for sentence in describe_skipped(skipped):
        message(sentence)
    train, held_out, test = (Part(*map(torch.cat, zip(*part, strict=True))) for part in parts)
    return Examples(
        train=train,
        held_out=held_out,
        test=test,
        classes=tuple(printable(folder.name) for folder in folders),
        title=TITLE,
        note="",
        sha256=digest.hexdigest(),
        options=(*map(quoted, paths), "--pixels", str(pixels)),
    )


def _class_folders(paths: Sequence[Path]) -> list[Path]:
    """The folder of each class, by name."""
    for path in paths:
        if not path.exists():
            raise LimnerError(f"There is no folder {printable(path)}.")
        if not path.is_dir():
            raise LimnerError(f"{printable(path)} is a file: name a folder of pictures for each class.")
    folders = list(paths)
    if len(paths) == 1:
        folders = [path for path in paths[0].iterdir() if path.is_dir() and _is_shown(path.name)]
    if len(folders) < 2:
        where = f"{printable(paths[0])} has" if paths else "You gave"
        raise LimnerError(
            f"{where} {'one folder' if folders else 'no folders'} of pictures, and telling things apart "
            "takes two or more: name a folder for each class, or one folder that has a folder for each."
        )
    folders = sorted((path.resolve() for path in folders), key=lambda path: path.name)
    for one, other in pairwise(folders):
        if printable(one.name) == printable(other.name):
            raise LimnerError(
                f"Two folders are called {printable(one.name)}: rename one, since that is its class's name."
            )
    return folders


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not is_system_name(name)


def _read_folder(
    folder: Path, pixels: int, skipped: list[Skipped], progress: Progress
) -> NDArray[np.uint8]:
    """The pictures of a folder, (n, 3, P, P)."""
    found = find_sources([folder])
    skipped += found.skipped
    pictures: list[NDArray[np.uint8]] = []
    for done, source in enumerate(found.sources):
        progress(done, len(found.sources), f"Reading {printable(folder.name)}")
        try:
            if is_clip(source):
                raise UnreadableFile("is a clip: save some of its frames as pictures")
            image = read_image(source.path, at_least=pixels)
        except UnreadableFile as error:
            skipped.append((source.name, str(error)))
            continue
        square = center_crop(image, pixels)
        pictures.append((square * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1))
    progress(len(found.sources), len(found.sources), f"Reading {printable(folder.name)}")
    return np.stack(pictures) if pictures else np.empty((0, 3, pixels, pixels), np.uint8)


def _check_count(folder: Path, count: int, total: int) -> None:
    if count < MIN_PICTURES:
        raise LimnerError(
            f"{printable(folder)} has {count} {'picture' if count == 1 else 'pictures'} that can be read, "
            f"and a class needs {MIN_PICTURES} or more."
        )
    if total > MAX_BYTES:
        raise LimnerError(
            f"These pictures need more than {MAX_BYTES / 1e9:.0f} GB of memory: give fewer, or smaller "
            "--pixels."
        )


def _split(count: int, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which pictures of a class are learned from, held out, and for the test, by chance.

    They do not depend on the seed of a training, so that seeds can be compared.
    """
    order = torch.randperm(count, generator=derive_generator(HOLD_OUT_SEED, SHUFFLE, number))
    test, held_out = max(1, count // TEST_PART), max(1, count // HELD_OUT_PART)
    train = order[test + held_out :].sort().values
    return train, order[test : test + held_out].sort().values, order[:test].sort().values
