"""One's own pictures as examples: each folder is a class."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
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

TEST_EVERY, HELD_OUT_EVERY = 5, 10
"""One picture of so many is for the test, and one is held out; at least one of each class."""

MAX_BYTES = 2**30
"""Most bytes of all pictures, which are kept in memory."""

MIN_PIXELS, MAX_PIXELS = 32, 256
"""Sides of the pictures that are learned from."""


def load_folders(
    paths: Sequence[Path],
    pixels: int,
    message: Callable[[str], None],
    *,
    out: Path,
    progress: Progress = no_progress,
) -> Examples:
    """The pictures of some folders, cropped to squares of `pixels` a side, uint8 (n, 3, P, P).

    Each folder is a class of its name; of one folder, each folder in it is, but that which `out`, where
    results go, is in. `message` is told of files that are left out. Raises LimnerError for fewer than two
    classes, for a class with too few pictures, for two of the same name, for one inside another, and for a
    size out of range.
    """
    if not MIN_PIXELS <= pixels <= MAX_PIXELS:
        raise LimnerError(f"--pixels is {pixels}; choose {MIN_PIXELS} to {MAX_PIXELS}.")
    folders = _class_folders(paths, out)
    parts: list[list[tuple[Tensor, Tensor]]] = [[], [], []]
    skipped: list[Skipped] = []
    room = MAX_BYTES
    digest = hashlib.sha256()
    for number, (name, folder) in enumerate(folders.items()):
        pictures = _read_folder(folder, pixels, room, skipped=skipped, progress=progress)
        room -= pictures.nbytes
        if len(pictures) < MIN_PICTURES:
            raise LimnerError(" ".join([_few_sentence(folder, len(pictures)), *describe_skipped(skipped)]))
        digest.update(name.encode() + pictures.tobytes())
        for part, indices in zip(parts, _split(len(pictures), number), strict=True):
            part.append((torch.from_numpy(pictures)[indices], torch.full((len(indices),), number)))
    for sentence in describe_skipped(skipped):
        message(sentence)
    train, held_out, test = (Part(*map(torch.cat, zip(*part, strict=True))) for part in parts)
    return Examples(
        train=train,
        held_out=held_out,
        test=test,
        classes=tuple(folders),
        title=TITLE,
        note="",
        sha256=digest.hexdigest(),
        options=(*map(quoted, paths), "--pixels", str(pixels)),
    )


def _class_folders(paths: Sequence[Path], out: Path) -> dict[str, Path]:
    """The folder of each class, by its name, in order."""
    for path in paths:
        if not path.exists():
            raise LimnerError(f"There is no folder {printable(path)}.")
        if not path.is_dir():
            raise LimnerError(f"{printable(path)} is a file: name a folder of pictures for each class.")
    folders = list(paths)
    if len(paths) == 1:
        folders = [
            path
            for path in paths[0].iterdir()
            if path.is_dir() and _is_shown(path.name) and not out.resolve().is_relative_to(path.resolve())
        ]
    if len(folders) < 2:
        where = f"{printable(paths[0])} has" if paths else "You gave"
        raise LimnerError(
            f"{where} {'one folder' if folders else 'no folders'} of pictures, and telling things apart "
            "takes two or more: name a folder for each class, or one folder that has a folder for each."
        )
    named: dict[str, Path] = {}
    for path in folders:
        name = printable(path.name if path.name not in ("", "..") else path.resolve().name)
        if name in named:
            raise LimnerError(f"Two folders are called {name}: rename one, since that is its class's name.")
        named[name] = path
    for name, path in named.items():
        for other, inside in named.items():
            if other != name and inside.resolve().is_relative_to(path.resolve()):
                raise LimnerError(f"The folder {other} is inside {name}: a picture cannot be of both.")
    return dict(sorted(named.items()))


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and not is_system_name(name)


def _read_folder(
    folder: Path, pixels: int, room: int, *, skipped: list[Skipped], progress: Progress
) -> NDArray[np.uint8]:
    """The pictures of a folder, (n, 3, P, P), of at most `room` bytes."""
    found = find_sources([folder])
    skipped += found.skipped
    what = f"Reading {printable(folder)}"
    pictures: list[NDArray[np.uint8]] = []
    for done, source in enumerate(found.sources):
        progress(done, len(found.sources), what)
        try:
            if is_clip(source):
                raise UnreadableFile("is a clip: save some of its frames as pictures")
            image = read_image(source.path, at_least=pixels)
        except UnreadableFile as error:
            skipped.append((source.name, str(error)))
            continue
        square = center_crop(image, pixels)
        pictures.append((square * 255 + 0.5).astype(np.uint8).transpose(2, 0, 1))
        room -= pictures[-1].nbytes
        if room < 0:
            raise LimnerError(
                f"These pictures need more than {MAX_BYTES / 1e9:.0f} GB of memory: give fewer, or smaller "
                "--pixels."
            )
    progress(len(found.sources), len(found.sources), what)
    return np.stack(pictures) if pictures else np.empty((0, 3, pixels, pixels), np.uint8)


def _few_sentence(folder: Path, count: int) -> str:
    return (
        f"{printable(folder)} has {count} {'picture' if count == 1 else 'pictures'} that can be read, and "
        f"a class needs {MIN_PICTURES} or more."
    )


def _split(count: int, number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which pictures of a class are learned from, held out, and for the test, by chance.

    They do not depend on the seed of a training, so that seeds can be compared.
    """
    order = torch.randperm(count, generator=derive_generator(HOLD_OUT_SEED, SHUFFLE, number))
    test, held_out = max(1, count // TEST_EVERY), max(1, count // HELD_OUT_EVERY)
    train = order[test + held_out :].sort().values
    return train, order[test : test + held_out].sort().values, order[:test].sort().values
