"""Keyframes: frames of a clip, each with the same frame as an artist painted it over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from limner.data.images import UnreadableFile, inspect_image, plan_resize, read_image, read_opacity
from limner.data.sources import find_source
from limner.display import printable
from limner.errors import LimnerError

MAX_STRETCH = 1.05
"""Most by which the shapes of the two pictures may differ; the painting is then resized to the frame."""


@dataclass(frozen=True)
class Keyframe:
    """A frame and its painting, resized to a common short side."""

    frame: NDArray[np.uint8]
    """(H, W, 3): the frame as a camera took it."""
    painted: NDArray[np.uint8]
    """(H, W, 3): the frame as it was painted over."""
    is_painted: NDArray[np.bool_]
    """(H, W): false where the painting is transparent: nothing is learned from there."""


@dataclass(frozen=True)
class Keyframes:
    """All keyframes, and what a person should know of how they were read."""

    pairs: tuple[Keyframe, ...]
    notices: tuple[str, ...]

    def digest(self) -> str:
        """16 hexadecimal digits that change with any pixel."""
        hashed = hashlib.blake2b(digest_size=8)
        for pair in self.pairs:
            for array in (pair.frame, pair.painted, pair.is_painted):
                hashed.update(repr(array.shape).encode())
                hashed.update(array.tobytes())
        return hashed.hexdigest()


def read_keyframes(paths: Sequence[Path], pixels: int) -> Keyframes:
    """Read FRAME PAINTED FRAME PAINTED ..., each pair resized to a short side of `pixels`.

    Where the painting is half transparent, the frame shines through. Raises LimnerError with a sentence for
    an odd number of files, one that is no still picture, a pair of different shapes, and a painting where
    nothing is painted.
    """
    if not paths or len(paths) % 2:
        raise LimnerError(
            "Name pairs of pictures, each a frame and the same frame painted over: `limner keyframe "
            "frame.png painted.png --out look.onnx`."
        )
    pairs, notices = [], []
    for frame, painted in zip(paths[::2], paths[1::2], strict=True):
        pair, notice = _read_pair(frame, painted, pixels)
        pairs.append(pair)
        notices += notice
    return Keyframes(tuple(pairs), tuple(notices))


def _read_pair(frame_path: Path, painted_path: Path, pixels: int) -> tuple[Keyframe, list[str]]:
    notices = _compare_shapes(frame_path, painted_path, pixels)
    frame = _read(frame_path, pixels)
    plan = plan_resize(*frame.size, pixels)
    size = (plan.width, plan.height)
    small = frame.resize(size, Image.Resampling.LANCZOS, box=plan.box)
    painted = _read(painted_path, pixels)
    box = plan_resize(*painted.size, pixels).box
    small_painted = painted.resize(size, Image.Resampling.LANCZOS, box=box)
    opacity = _read_opacity(painted_path)
    pair = Keyframe(np.asarray(small), np.asarray(small_painted), np.ones(size[::-1], bool))
    if opacity is not None:
        full = opacity.resize(painted.size, Image.Resampling.BOX)
        pair = _lay_over(pair, np.asarray(full.resize(size, Image.Resampling.BOX, box=box), np.float32))
    if not pair.is_painted.any():
        raise LimnerError(f"{painted_path} is transparent throughout: nothing is painted in it.")
    if np.array_equal(pair.frame[pair.is_painted], pair.painted[pair.is_painted]):
        raise LimnerError(f"{painted_path} is the same picture as {frame_path}: paint over a copy of it.")
    return pair, notices


def _lay_over(pair: Keyframe, opacity: NDArray[np.float32]) -> Keyframe:
    """The painting, which was read on white, over its frame; `opacity` is (H, W) in 0..255."""
    shines = 1 - opacity[..., None] / 255
    over = pair.painted + shines * (pair.frame.astype(np.float32) - 255)
    return Keyframe(pair.frame, np.rint(over.clip(0, 255)).astype(np.uint8), opacity > 0)


def _compare_shapes(frame: Path, painted: Path, pixels: int) -> list[str]:
    """Sentences about the sizes of a pair. Raises LimnerError where the shapes differ."""
    (width, height), (painted_width, painted_height) = (_size(path) for path in (frame, painted))
    names = f"{painted} has {painted_width} x {painted_height} pixels and its frame {width} x {height}"
    if not 1 / MAX_STRETCH < (painted_width / painted_height) / (width / height) < MAX_STRETCH:
        raise LimnerError(f"{names}: both pictures of a pair need the same shape.")
    notices = []
    if (width, height) != (painted_width, painted_height):
        notices.append(f"{printable(names)}: the painting is resized to its frame.")
    if min(width, height) < pixels:
        notices.append(
            f"{printable(frame)} has {width} x {height} pixels, fewer than the look paints ({pixels}): it "
            "is enlarged. Its details are sharper with fewer --pixels."
        )
    return notices


def _size(path: Path) -> tuple[int, int]:
    try:
        is_video = find_source(path).kind == "video"
        info = None if is_video else inspect_image(path, at_least=1)
    except UnreadableFile as error:
        raise LimnerError(f"{path} {error}.") from error
    if info is None or info.is_animated:
        raise LimnerError(f"{path} has many frames: give one frame of it as a picture.")
    return info.size


def _read(path: Path, pixels: int) -> Image.Image:
    try:
        return read_image(path, at_least=2 * pixels)
    except UnreadableFile as error:
        raise LimnerError(f"{path} {error}.") from error


def _read_opacity(path: Path) -> Image.Image | None:
    try:
        return read_opacity(path)
    except UnreadableFile as error:
        raise LimnerError(f"{path} {error}.") from error
