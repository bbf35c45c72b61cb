"""Flashes, which may cause seizures: how many a film has, and a limit that keeps it below three a second.

WCAG 2.2 calls a pair of opposing changes of relative luminance by a tenth or more a general flash, and
allows three within any second.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

MAX_FLASHES = 3
"""Flashes that WCAG allows within any second."""

MIN_CHANGE = 0.1
"""The change of relative luminance from which half a flash counts."""

MAX_RATE = 2 * MIN_CHANGE * MAX_FLASHES
"""Change of mean relative luminance within a second that holds no more than the allowed flashes."""

DARK = 0.8
"""The darker end of a flash has a lower relative luminance than this."""

LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)
"""Of linear red, green and blue with the primaries of sRGB, in relative luminance."""


class FlashLimiter:
    """Limits how fast the mean luminance of a film's frames changes.

    A frame whose luminance would change too fast is darkened, or mixed with white, as far as needed. How
    much it may change depends on how long the frame before it was shown, so it holds at any rate.
    """

    def __init__(self) -> None:
        self._luminance: float | None = None
        self._seconds = 0.0

    def __call__(self, frame: Tensor, seconds: float) -> Tensor:
        """The frame to show at this time: RGB in 0..1, (1, 3, H, W), as given if that may be."""
        most = MAX_RATE * max(seconds - self._seconds, 0)
        self._seconds = seconds
        linear = to_linear(frame)
        luminance = float(mean_luminance(linear))
        if self._luminance is None or abs(luminance - self._luminance) <= most:
            self._luminance = luminance
            return frame
        wanted = self._luminance + most * (1 if luminance > self._luminance else -1)
        if wanted < luminance:
            linear = linear * (wanted / luminance)
        else:
            linear = linear + (1 - linear) * ((wanted - luminance) / (1 - luminance))
        self._luminance = wanted
        return from_linear(linear)


def mean_luminance(linear: Tensor) -> Tensor:
    """The mean relative luminance, shape (), of linear light (1, 3, H, W)."""
    return (linear.mean(dim=(0, 2, 3)) * torch.tensor(LUMINANCE_WEIGHTS, device=linear.device)).sum()


def to_linear(picture: Tensor) -> Tensor:
    """Linear light of sRGB values, both in 0..1."""
    return torch.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)


def from_linear(linear: Tensor) -> Tensor:
    """sRGB values of linear light, both in 0..1."""
    bright = 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, bright).clamp(0, 1)


def count_flashes(luminances: Sequence[float], times: Sequence[float]) -> float:
    """The most general flashes within any second, given each frame's relative luminance and its time, in
    seconds.

    A flash is a pair of opposing changes, so a single change counts half.
    """
    turns = _turning_points(luminances)
    changes = [
        times[later]
        for (_, before), (later, after) in pairwise(turns)
        if abs(after - before) >= MIN_CHANGE and min(before, after) < DARK
    ]
    most = 0
    for first in range(len(changes)):
        # Just less than a second, since times of frames are rounded.
        window = [change for change in changes[first:] if change < changes[first] + 1 - 1e-6]
        most = max(most, len(window))
    return most / 2


def _turning_points(luminances: Sequence[float]) -> list[tuple[int, float]]:
    """The frames, with their luminance, between which it only rises or only falls."""
    turns: list[tuple[int, float]] = []
    for place in enumerate(luminances):
        if len(turns) >= 2 and (place[1] - turns[-1][1]) * (turns[-1][1] - turns[-2][1]) >= 0:
            turns[-1] = place
        else:
            turns.append(place)
    return turns
