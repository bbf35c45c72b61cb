"""The pictures that a style is learned on: a person's own, neighbouring frames of clips, or drawn ones.

The network is shown parts of them. For the terms against flicker each part has a second one, from a moment
later: of a clip the next frame, of a still the same part as a camera sees it that moved by a pixel or two
and whose exposure changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from limner.art.style_options import DRAW_CONTENT, DRAW_PARTS, StyleRecipe
from limner.data.decode import is_clip, measure_clip, read_clip
from limner.data.images import UnreadableFile, plan_resize, read_image, resize
from limner.data.kinds import LIMNER_KINDS
from limner.data.report import describe_skipped
from limner.data.sources import Source, find_sources
from limner.data.synthetic.draw import SUBJECTS
from limner.data.synthetic.primitives import to_image
from limner.data.synthetic.scenes import draw_scenes
from limner.errors import LimnerError
from limner.evaluation.samples import evenly_spaced
from limner.mark import read_image_mark, read_video_mark
from limner.progress import Progress, no_progress
from limner.seeding import STYLES, derive_generator

MAX_PICTURES = 300
"""Pictures that are kept, evenly spread over those that are given: some 100 MB at 256 pixels."""

PAIRS_PER_CLIP = 60
"""Most pairs of neighbouring frames of a clip, evenly spread over what is decoded of it."""

MAX_FRAMES = 1500
"""Frames of a clip that are decoded: about its first minute."""

DRAWN = 24
"""Pictures that are drawn of each kind where no content is given."""

ROOM = 1.25
"""Short side of the kept pictures, as a multiple of the look's side."""

MAX_SHIFT = 2
"""Most pixels by which the second part of a still is shifted."""

MAX_EXPOSURE = 0.04
"""Most by which the exposure of the second part of a still differs."""

DIGEST_BYTES = 8


@dataclass(frozen=True)
class ContentPicture:
    """A picture, or a frame of a clip with the one after it."""

    frame: NDArray[np.uint8]
    """(H, W, 3)."""
    following: NDArray[np.uint8] | None = None
    """(H, W, 3): the next frame of the clip; None of a still."""


@dataclass(frozen=True)
class Content:
    """All pictures, and what a person should know of how they were read."""

    pictures: tuple[ContentPicture, ...]
    notices: tuple[str, ...] = ()

    def digest(self) -> str:
        """16 hexadecimal digits that change with any pixel."""
        hashed = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for picture in self.pictures:
            for array in (picture.frame, picture.following):
                hashed.update(b"-" if array is None else repr(array.shape).encode() + array.tobytes())
        return hashed.hexdigest()


def read_content(paths: Sequence[Path], pixels: int, progress: Progress = no_progress) -> Content:
    """Read pictures and clips, and those of folders, for a look of `pixels`.

    Raises LimnerError for a path that does not exist, and where nothing can be read.
    """
    found = find_sources(paths)
    skipped = list(found.skipped)
    chosen = evenly_spaced(found.sources, MAX_PICTURES)
    pictures: list[ContentPicture] = []
    clips = sum(source.kind == "video" for source in chosen)
    pairs = min(PAIRS_PER_CLIP, max(1, MAX_PICTURES // max(1, clips)))
    for number, source in enumerate(chosen, start=1):
        try:
            pictures += _read_source(source, round(ROOM * pixels), pairs)
        except UnreadableFile as error:
            skipped.append((source.name, str(error)))
        progress(number, len(chosen), "Reading content")
    if not pictures:
        name, reason = skipped[0]
        raise LimnerError(f"No content can be read: {name} {reason}.")
    return Content(tuple(evenly_spaced(pictures, MAX_PICTURES)), describe_skipped(skipped))


def _read_source(source: Source, short_side: int, pairs: int) -> list[ContentPicture]:
    is_video = source.kind == "video"
    mark = read_video_mark(source.path) if is_video else read_image_mark(source.path)
    if mark is not None and mark in LIMNER_KINDS:
        raise UnreadableFile(LIMNER_KINDS[mark].reason)
    if not is_clip(source):
        return [ContentPicture(_shrink(read_image(source.path, at_least=2 * short_side), short_side))]
    found = [ContentPicture(*pair) for pair in _read_frames(source, short_side, pairs)]
    if not found:
        raise UnreadableFile("has no two frames that can be decoded: it is damaged or cut off")
    return found


def _read_frames(
    source: Source, short_side: int, pairs: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8] | None]]:
    """At most `pairs` pairs of neighbouring frames; of a clip with a single frame that alone."""
    count = measure_clip(source).frames
    frames = read_clip(source, count)
    if count < 2:
        yield _shrink(next(frames).image, short_side), None
        return
    kept = set(evenly_spaced(range(min(count, MAX_FRAMES) - 1), pairs))
    for number, (first, second) in enumerate(pairwise(frames)):
        if number >= MAX_FRAMES:
            return
        if number in kept and first.image.size == second.image.size:
            yield _shrink(first.image, short_side), _shrink(second.image, short_side)


def _shrink(image: Image.Image, short_side: int) -> NDArray[np.uint8]:
    return np.asarray(resize(image, plan_resize(*image.size, short_side)))


def draw_content(pixels: int, seed: int) -> Content:
    """Drawn landscapes, and people and things before a webcam in two tones each; `DRAWN` of each kind."""
    side, count = round(ROOM * pixels), DRAWN
    drawn = [
        to_image(draw(np.random.default_rng((abs(seed), number)), side))
        for draw in SUBJECTS.values()
        for number in range(count // len(SUBJECTS))
    ]
    scenes = draw_scenes(count, side, derive_generator(seed, STYLES, DRAW_CONTENT))[:, 0].numpy()
    for number, scene in enumerate(scenes):
        rng = np.random.default_rng((abs(seed), number, 1))
        dark, light = rng.uniform(0, 0.35, 3), rng.uniform(0.6, 1, 3)
        drawn.append(to_image(dark + scene[..., None] * (light - dark)))
    return Content(tuple(ContentPicture(np.asarray(picture)) for picture in drawn))


class ContentBatch(NamedTuple):
    """What a step sees: B parts of pictures and the same parts a moment later, RGB in -1..1."""

    frames: Tensor
    """(B, 3, S, S)."""
    following: Tensor
    """(B, 3, S, S)."""


class ContentSampler:
    """Draws the parts of each step, which depend on the seed and the step alone."""

    def __init__(self, content: Content, recipe: StyleRecipe, device: torch.device) -> None:
        self._pictures = content.pictures
        self._recipe = recipe
        self._device = device

    def at(self, step: int) -> ContentBatch:
        """The parts of a step."""
        generator = derive_generator(self._recipe.seed, STYLES, DRAW_PARTS, step)
        pairs = [self._draw(generator) for _ in range(self._recipe.batch)]
        frames, following = (
            torch.stack(parts).to(self._device).contiguous(memory_format=torch.channels_last)
            for parts in zip(*pairs, strict=True)
        )
        return ContentBatch(2 * frames - 1, 2 * following - 1)

    def _draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A part of a picture and the part that follows, each (3, S, S) in 0..1."""
        picture = self._pictures[self._below(len(self._pictures), generator)]
        height, width = picture.frame.shape[:2]
        short = min(height, width)
        smallest = min(self._recipe.crop, short)
        # From parts at the look's own scale to the whole picture, made small.
        side = smallest + self._below(short - smallest + 1, generator)
        top, left = (self._below(length - side + 1, generator) for length in (height, width))
        is_mirrored = bool(self._below(2, generator))
        frame = self._cut(picture.frame, top, left, side)
        if picture.following is None:
            following = self._move(picture.frame, top, left, side, generator)
        else:
            following = self._cut(picture.following, top, left, side)
        return (frame.flip(2), following.flip(2)) if is_mirrored else (frame, following)

    def _move(
        self, frame: NDArray[np.uint8], top: int, left: int, side: int, generator: torch.Generator
    ) -> Tensor:
        """A part of a still as a camera sees it that moved a little."""
        step = max(1, round(side / self._recipe.crop))
        moved = [
            min(max(0, start + step * (self._below(2 * MAX_SHIFT + 1, generator) - MAX_SHIFT)), end - side)
            for start, end in zip((top, left), frame.shape[:2], strict=True)
        ]
        exposure = 1 + MAX_EXPOSURE * (2 * float(torch.rand((), generator=generator)) - 1)
        return (exposure * self._cut(frame, moved[0], moved[1], side)).clamp(0, 1)

    def _cut(self, frame: NDArray[np.uint8], top: int, left: int, side: int) -> Tensor:
        part = torch.tensor(frame[top : top + side, left : left + side]).permute(2, 0, 1)[None] / 255
        crop = self._recipe.crop
        if side != crop:
            part = torch.nn.functional.interpolate(
                part, (crop, crop), mode="bilinear", antialias=True, align_corners=False
            )
        return part[0]

    def _below(self, count: int, generator: torch.Generator) -> int:
        return int(torch.randint(count, (), generator=generator))
