"""Filters in torch, which those of a look's file are compared with, and frames to filter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from limner.guide import SoftGuide
from limner.look.look import Image, Look


class Stillness:
    """Mixes the last painting into the next one, as far as the guide has not changed."""

    def __init__(self) -> None:
        self.last: Tensor | None = None
        self.seen: Tensor | None = None

    def __call__(self, painting: Tensor, shown: Tensor, stillness: float, elapsed: float) -> Tensor:
        """The painting (1, 3, P, P) of a frame whose guide is (1, C, S, S)."""
        side = painting.shape[-1]
        seen = functional.adaptive_avg_pool2d(shown, min(shown.shape[-1], side // 8))
        if self.last is None or self.seen is None:
            self.last, self.seen = painting, seen
            return painting
        change = (seen - self.seen).abs().mean(1, keepdim=True) * 255
        moving = functional.max_pool2d(((change - 2) / 4).clamp(0, 1), 5, 1, 2)
        fresh = 1 - stillness ** (60 * elapsed) * (1 - moving)
        share = functional.interpolate(fresh, size=(side, side), mode="bilinear")
        self.seen = self.seen + fresh * (seen - self.seen)
        self.last = self.last + share * (painting - self.last)
        return self.last


class Freeze:
    """Holds the picture of the frame in which it was turned on."""

    def __init__(self) -> None:
        self.held: Tensor | None = None

    def __call__(self, picture: Tensor, freeze: float, _elapsed: float) -> Tensor:
        """The picture (1, 3, P, P) that is painted."""
        if self.held is None or freeze < 0.5:
            self.held = picture
        return self.held


class Smoothing:
    """Mixes the last guide into the next one."""

    def __init__(self) -> None:
        self.last: Tensor | None = None

    def __call__(self, shown: Tensor, strength: float, elapsed: float) -> Tensor:
        """What the network is shown (1, C, S, S), as for all filters of the guide."""
        if self.last is None:
            self.last = shown
        self.last = shown + strength ** (60 * elapsed) * (self.last - shown)
        return self.last


class Difference:
    """Shows what has changed since the last frame."""

    def __init__(self) -> None:
        self.last: Tensor | None = None

    def __call__(self, shown: Tensor, strength: float, _elapsed: float) -> Tensor:
        change = (
            torch.zeros_like(shown) if self.last is None else (4 * (shown - self.last).abs()).clamp(max=1)
        )
        self.last = shown
        return torch.lerp(shown, change, strength)


def stretch(shown: Tensor, strength: float, _elapsed: float) -> Tensor:
    low, high = shown.min(), shown.max()
    return torch.lerp(shown, (shown - low) / (high - low).clamp(min=0.1), strength)


def blur(shown: Tensor, strength: float, _elapsed: float) -> Tensor:
    side = shown.shape[-1]
    small = functional.adaptive_avg_pool2d(shown, min(side, 64))
    places = torch.arange(-4, 5, dtype=torch.float32)
    window = torch.exp(-0.5 * (places / 2) ** 2)
    kernel = torch.outer(window, window) / window.sum() ** 2
    padded = functional.pad(small, (4, 4, 4, 4), mode="replicate")
    channels = [functional.conv2d(padded[:, [c]], kernel[None, None]) for c in range(shown.shape[1])]
    blurred = functional.interpolate(torch.cat(channels, 1), size=(side, side), mode="bilinear")
    return torch.lerp(shown, blurred, strength)


def median(shown: Tensor, strength: float, _elapsed: float) -> Tensor:
    padded = functional.pad(shown, (1, 1, 1, 1), mode="replicate")
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1).flatten(4)
    return torch.lerp(shown, windows.median(4).values, strength)


def threshold(shown: Tensor, strength: float, _elapsed: float) -> Tensor:
    return torch.sigmoid(40 * (shown - strength))


def invert(shown: Tensor, strength: float, _elapsed: float) -> Tensor:
    return torch.lerp(shown, 1 - shown, strength)


GuideFilter = Callable[[Tensor, float, float], Tensor]

GUIDE_FILTERS: dict[str, Callable[[], GuideFilter]] = {
    "smoothing": Smoothing,
    "difference": Difference,
    "stretch": lambda: stretch,
    "blur": lambda: blur,
    "median": lambda: median,
    "threshold": lambda: threshold,
    "invert": lambda: invert,
}
"""What makes each filter of the guide, in the order in which they are applied."""


def show(look: Look, shown: Tensor) -> Tensor:
    """The guide (1, C, P, P) that people see of what the network is shown."""
    return SoftGuide(look.pixels).enlarge(shown, look.pixels) if look.guide == "soft" else shown


def shown_by(look: Look, image: Image) -> Tensor:
    """What the network of a look with default live inputs is shown: cells, or the guide itself."""
    if look.guide == "soft":
        guide = SoftGuide(look.pixels)
        defaults = [torch.tensor(live.default) for live in look.live.values()]
        return guide.cells(to_tensor(image), *defaults)
    return to_tensor(look.paint_and_guide(image)[1])


def to_tensor(image: Image) -> Tensor:
    """(H, W, C) to (1, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]


def frames(count: int, pixels: int, *, noise: float = 2 / 255, seed: int = 31) -> list[Image]:
    """Pictures (P, P, 3) in 0..1: a square that rests, then runs before a ramp; with a camera's noise."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.2, 0.7, pixels, dtype=np.float32)
    made = []
    for number in range(count):
        image = np.stack([np.add.outer(ramp, ramp) / 2, *np.broadcast_arrays(ramp, ramp[:, None])], axis=2)
        at = max(number - count // 2, 0) * 3 % (pixels - pixels // 4)
        image[at : at + pixels // 4, at : at + pixels // 4] = (0.9, 0.8, 0.2)
        made.append(add_noise(image, noise, rng))
    return made


def add_noise(image: Image, deviation: float, rng: np.random.Generator) -> Image:
    noisy = image + deviation * rng.standard_normal(image.shape)
    return np.asarray(noisy.clip(0, 1), np.float32)


def rms(difference: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))
