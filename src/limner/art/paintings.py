"""The paintings that a style is learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from limner.art.style_options import MIN_CROP
from limner.data.images import UnreadableFile, inspect_image, plan_resize, read_image, resize
from limner.data.sources import find_source
from limner.display import printable
from limner.errors import LimnerError
from limner.networks.style_network import MAX_STYLES

DIGEST_BYTES = 8


@dataclass(frozen=True)
class Painting:
    """A painting, small enough to be looked at."""

    name: str
    image: Image.Image
    """RGB."""

    def to_tensor(self) -> Tensor:
        """RGB in -1..1, (1, 3, H, W)."""
        return torch.tensor(np.asarray(self.image)).permute(2, 0, 1)[None] / 127.5 - 1

    def digest(self) -> str:
        """16 hexadecimal digits that change with any pixel."""
        pixels = repr(self.image.size).encode() + self.image.tobytes()
        return hashlib.blake2b(pixels, digest_size=DIGEST_BYTES).hexdigest()


def read_paintings(paths: Sequence[Path], short_side: int) -> list[Painting]:
    """Read paintings with a short side of `short_side`, or smaller ones as they are: enlarged strokes are
    blurred ones. They are named after their files.

    Raises LimnerError for no painting, more than a network has styles, one that is no still picture, and
    two that are the same.
    """
    if not paths:
        raise LimnerError(
            "Name a painting, before the options: `limner style painting.jpg --content my-photos`."
        )
    if len(paths) > MAX_STYLES:
        raise LimnerError(f"{len(paths)} paintings are given; a look has at most {MAX_STYLES} styles.")
    paintings: list[Painting] = []
    for path in paths:
        paintings.append(Painting(_name(path, paintings), _read(path, short_side)))
    digests = [painting.digest() for painting in paintings]
    for place, digest in enumerate(digests):
        if digest in digests[:place]:
            first = paths[digests.index(digest)]
            raise LimnerError(f"{paths[place]} is the same picture as {first}: leave one out.")
    return paintings


def _name(path: Path, others: Sequence[Painting]) -> str:
    """What people read, unlike those before it."""
    name = printable(path.stem).replace("_", " ").strip() or "Style"
    taken = {other.name for other in others}
    return name if name not in taken else f"{name} {len(others) + 1}"


def _read(path: Path, short_side: int) -> Image.Image:
    try:
        is_video = find_source(path).kind == "video"
        if is_video or inspect_image(path, at_least=1).is_animated:
            raise LimnerError(f"{path} has many frames: a style is learned from one picture.")
        image = read_image(path, at_least=2 * short_side)
    except UnreadableFile as error:
        raise LimnerError(f"{path} {error}.") from error
    return resize(image, plan_resize(*image.size, max(MIN_CROP, min(short_side, *image.size))))
