"""The pictures that a painter is measured on: held-out ones, training pictures, and frames of clips.

All are squares in 0..1. Held-out pictures are wider than what is painted: a camera can move in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from limner.data.arrays import center_crop
from limner.data.augmentation import crop_and_resize
from limner.data.decode import is_clip, is_still, measure_clip, read_clip
from limner.data.images import UnreadableFile, plan_resize, read_image, resize
from limner.data.loader import center_batch
from limner.data.prepare import short_side_for
from limner.data.sources import Source, find_source, find_sources
from limner.data.store import ImageStore
from limner.data.strokes import paint_strokes
from limner.display import printable
from limner.errors import LimnerError
from limner.evaluation.equivariance import MARGIN, crop_middle
from limner.evaluation.judge import shrink
from limner.evaluation.relative import MIN_PICTURES
from limner.evaluation.samples import evenly_spaced
from limner.progress import Progress

MAX_FRAMES = 100
"""Frames of a clip: the first ones, three seconds or four."""

MAX_TRAINING = 1000
"""Training pictures that paintings are compared with: each is seen once, in some 10 ms."""


class HeldOut(NamedTuple):
    """N pictures that training has not seen; all (N, 3, P + 2 `MARGIN`, P + 2 `MARGIN`)."""

    inputs: Tensor
    """What the guide is made from."""
    targets: Tensor
    """What a painting should look like; the same tensor unless the pictures are pairs."""


def load_held_out(store: ImageStore, pixels: int, count: int) -> HeldOut:
    """At most `count` held-out pictures of a store. Raises LimnerError where it has too few."""
    if len(store.held_out) < MIN_PICTURES:
        raise LimnerError(
            f"The store in {printable(store.folder)} holds out {len(store.held_out)} pictures, too few to "
            f"measure on: give a folder of {MIN_PICTURES} or more other pictures with --against."
        )
    batches = list(_load(store, evenly_spaced(store.held_out, count), pixels))
    targets = torch.cat([batch.targets for batch in batches])
    return HeldOut(
        torch.cat([batch.inputs for batch in batches]) if store.is_paired() else targets, targets
    )


def load_training(store: ImageStore, pixels: int) -> Tensor:
    """At most `MAX_TRAINING` training pictures of a store, as small as the judge sees them."""
    batches = _load(store, evenly_spaced(store.training, MAX_TRAINING), pixels)
    return torch.cat([shrink(crop_middle(batch.targets)) for batch in batches])


def read_folder(
    folder: Path, pixels: int, count: int, progress: Progress, *, strokes: bool = False
) -> Tensor:
    """At most `count` pictures of a folder, evenly spread, as `HeldOut` has them; with `strokes`, painted
    with brush strokes first, as a store with strokes has them.

    Clips are passed over, and what limner painted. Raises LimnerError where fewer than `MIN_PICTURES`
    can be read.
    """
    squares = list(_read_squares(folder, pixels, count, progress, strokes))
    if len(squares) < MIN_PICTURES:
        raise LimnerError(
            f"{printable(folder)} has {len(squares)} pictures that can be read, and measures need "
            f"{MIN_PICTURES} or more: name a folder with more."
        )
    return torch.cat(squares)


def read_training(folder: Path, pixels: int, progress: Progress, *, strokes: bool = False) -> Tensor:
    """At most `MAX_TRAINING` pictures of a folder, as `load_training` has them. Raises LimnerError
    where none can be read."""
    squares = _read_squares(folder, pixels, MAX_TRAINING, progress, strokes)
    small = [shrink(crop_middle(square)) for square in squares]
    if not small:
        raise LimnerError(f"{printable(folder)} has no picture that can be read: name another folder.")
    return torch.cat(small)


def _read_squares(
    folder: Path, pixels: int, count: int, progress: Progress, strokes: bool
) -> Iterator[Tensor]:
    """Pictures (1, 3, P + 2 `MARGIN`, P + 2 `MARGIN`); a few that cannot be read change no figure."""
    sources = [source for source in find_sources([folder]).sources if _is_readable_still(source)]
    side, chosen = pixels + 2 * MARGIN, evenly_spaced(sources, count)
    for number, source in enumerate(chosen, start=1):
        progress(number, len(chosen), f"Reading {printable(folder.name)}")
        with suppress(UnreadableFile):
            picture = read_image(source.path, at_least=side)
            if strokes:
                small = resize(picture, plan_resize(*picture.size, short_side_for(pixels)))
                picture = paint_strokes(small)
            square = center_crop(picture, side)
            yield torch.from_numpy(square).permute(2, 0, 1)[None].contiguous()


def _is_readable_still(source: Source) -> bool:
    try:
        return is_still(source)
    except UnreadableFile:
        return False


def read_frames(path: Path, pixels: int) -> Tensor:
    """The first `MAX_FRAMES` frames (F, 3, P, P) of a video or an animated picture.

    Raises LimnerError for a file that is none, or has a single frame.
    """
    try:
        source = find_source(path)
        frames = read_clip(source, measure_clip(source).frames) if is_clip(source) else iter(())
        squares = [center_crop(frame.image, pixels) for frame in islice(frames, MAX_FRAMES)]
    except UnreadableFile as error:
        raise LimnerError(f"{printable(path)} {error}.") from error
    if len(squares) < 2:
        raise LimnerError(f"{printable(path)} is not a clip: flicker needs two frames or more.")
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).contiguous()


def _load(store: ImageStore, indices: Sequence[int], pixels: int) -> Iterator[HeldOut]:
    for start in range(0, len(indices), 8):
        batch = center_batch(store, indices[start : start + 8])
        targets = _crop(batch.target, batch.window, pixels)
        inputs = targets if batch.source is None else _crop(batch.source, batch.window, pixels)
        yield HeldOut(inputs, targets)


def _crop(boxes: Tensor, window: Tensor, pixels: int) -> Tensor:
    return crop_and_resize(boxes, window, pixels + 2 * MARGIN).contiguous()
