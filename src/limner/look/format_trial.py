"""Which range a network works in, found by painting a test picture in each.

A painting in the right range has the contrast of a picture, its middle light, and few values beyond the
ends. What is fed in the wrong range comes out nearly empty, or nearly all black and white. The page does
the same with files that are dropped on it (web/player/painters/format/trial.ts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limner.look.picture_format import Channels, Formats, PictureFormat, Range

Run = Callable[[PictureFormat], NDArray[np.float32]]
"""The network's output for the test picture in a format."""

MARGIN = 0.3
"""By how much a range must be better than those of a look to be taken instead, and to be called sure."""

OTHER_RANGE = 0.12
"""A network seldom gives another range than it takes."""

MIN_CONTRAST = 0.06
"""Standard deviation of a painting's grey. One that is fed a 255th of what it takes hardly has any."""

SAME = 0.02
"""Mean difference of two paintings, of which it does not matter which one is right."""

FOLLOWS = 0.7
"""Correlation of a colour of the painting with one of the picture, for a network that keeps colours."""


@dataclass(frozen=True)
class Finding:
    """A network's formats, and how sure that is."""

    formats: Formats
    is_sure: bool


def draw_test_picture(height: int, width: int) -> NDArray[np.float32]:
    """An RGB picture (height, width, 3) in 0..1: waves of colour, a bright disc and a dark bar."""
    v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    waves = [(1.3, 0.4, 0.5), (0.3, 1.1, 2.1), (0.9, -0.8, 4.0)]
    channels = [(0.5 + 0.5 * np.sin(2 * np.pi * (a * u + b * v) + c)) ** 1.5 for a, b, c in waves]
    picture = np.stack(channels, axis=-1)
    picture[(u - 0.3) ** 2 + (v - 0.35) ** 2 < 0.03] = (0.96, 0.8, 0.3)
    picture[(abs(u - 0.72) < 0.12) & (abs(v - 0.65) < 0.2)] = (0.06, 0.1, 0.2)
    return picture.astype(np.float32)


def find_formats(
    given: Formats,
    run: Run,
    picture: NDArray[np.float32],
    *,
    input_ranges: Sequence[Range],
    output_ranges: Callable[[Range], Sequence[Range]],
) -> Finding:
    """The likeliest formats of those with these ranges, which are in the order of likelihood.

    `given` has the layouts and the channels.
    """
    trials: list[_Trial] = []
    for name in input_ranges:
        source = replace(given.input, range=name)
        with np.errstate(all="ignore"):
            output = run(source)
            for other in output_ranges(name):
                formats = Formats(source, replace(given.output, range=other))
                painting = _grey(formats.output.decode(output))
                cost = judge(painting, _grey(picture), other) + OTHER_RANGE * (name != other)
                trials.append(_Trial(cost, formats, painting))
    best = min(trials, key=lambda trial: trial.cost)
    usual = trials[0]
    if usual.cost - best.cost < MARGIN:
        best = usual
    rivals = [trial for trial in trials if np.abs(trial.painting - best.painting).mean() > SAME]
    return Finding(best.formats, all(trial.cost - best.cost > MARGIN for trial in rivals))


@dataclass(frozen=True)
class _Trial:
    cost: float
    formats: Formats
    painting: NDArray[np.float32]
    """Its grey, (H, W)."""


def _grey(image: NDArray[np.float32]) -> NDArray[np.float32]:
    grey: NDArray[np.float32] = np.nan_to_num(image.mean(axis=-1), nan=0).clip(0, 1)
    return grey


def judge(painting: NDArray[np.float32], picture: NDArray[np.float32], output_range: Range) -> float:
    """How little the grey of a painting, (H, W) in 0..1, fits a picture's; 0 and more."""
    clipped = np.mean((painting < 0.004) | (painting > 0.996))
    faded = np.log2(MIN_CONTRAST / (painting.std() + 1e-3))
    flat = np.log2(0.7 * picture.std() / (painting.std() + 1e-3))
    light = abs(painting.mean() - picture.mean())
    # In -1..1 some values of a picture are below 0; where none is, the range is 0..1.
    is_half = output_range == "-1..1" and np.mean(painting < 0.45) < 0.05
    return float(
        2 * clipped
        + np.clip(faded, 0, 3)
        + 0.3 * np.clip(flat, 0, 1)
        + 1.5 * max(light - 0.1, 0)
        + 0.5 * is_half
    )


def find_swapped_channels(painting: NDArray[np.float32], picture: NDArray[np.float32]) -> Channels:
    """BGR if the painting's red follows the picture's blue and the other way round, else RGB.

    A network that takes BGR and gives BGR cannot be told from one in RGB so.
    """
    small, shown = (_block_means(image) for image in (np.nan_to_num(painting), picture))

    def follows(ours: int, theirs: int) -> float:
        return _correlation(small[..., ours].ravel(), shown[..., theirs].ravel())

    swapped = min(follows(0, 2), follows(2, 0))
    return "BGR" if swapped > FOLLOWS and swapped > max(follows(0, 0), follows(2, 2)) + 0.2 else "RGB"


def _block_means(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The means of some 16 x 16 blocks."""
    rows, columns = (max(side // 16, 1) for side in image.shape[:2])
    height, width = image.shape[0] // rows, image.shape[1] // columns
    blocks = image[: height * rows, : width * columns].reshape(height, rows, width, columns, -1)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return means


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
