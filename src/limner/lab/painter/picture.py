"""The picture that is learned: the middle of a file, as places and colours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from limner.data.arrays import center_crop
from limner.data.images import UnreadableFile, read_image
from limner.display import printable
from limner.errors import LimnerError
from limner.lab.painter.options import SIDE


@dataclass(frozen=True)
class Picture:
    """A square picture by its pixels, in rows from the top."""

    title: str
    """The file's name."""
    places: Tensor
    """float32 (n, 2): x and y of the middles of the pixels, -1 to 1, with y downwards."""
    colours: Tensor
    """float32 (n, 3): sRGB, 0..1."""
    sha256: str
    """Of the colours as bytes: two files with the same one are the same picture here."""


def load_picture(path: Path, side: int = SIDE) -> Picture:
    """The largest square in the middle of a picture, at `side` pixels. Raises LimnerError."""
    if not path.exists():
        raise LimnerError(f"There is no file {printable(path)}: name a picture.")
    if path.is_dir():
        raise LimnerError(f"{printable(path)} is a folder: name one picture in it.")
    if not path.is_file():  # a pipe would be waited for, for ever
        raise LimnerError(f"{printable(path)} is no ordinary file: name a picture.")
    try:
        values = center_crop(read_image(path, at_least=side), side)
    except UnreadableFile as error:
        raise LimnerError(f"{printable(path)} {error}: name another picture.") from error
    content = (values * 255).round().astype(np.uint8).tobytes()
    return Picture(
        path.name,
        pixel_places(side),
        torch.from_numpy(values.reshape(side * side, 3).copy()),
        hashlib.sha256(content).hexdigest(),
    )


def pixel_places(side: int, first: int = 0, last: int | None = None) -> Tensor:
    """The middles of the pixels of a square picture, (n, 2), by rows: those from `first` to `last`."""
    middles = torch.from_numpy((-1 + 2 * (np.arange(side) + 0.5) / side).astype(np.float32))
    y, x = torch.meshgrid(middles[first:last], middles, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)
