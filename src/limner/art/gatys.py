"""Paint one picture in a painting's style by optimisation (Gatys, Ecker and Bethge 2016).

The picture itself is what is learned: small first, then at each larger size from the one before. Large
forms of the style come at the small sizes, where a step is cheap, and its strokes at the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor
from torch.nn import functional

from limner.art.style_objective import (
    STYLE_WEIGHT,
    StyleDistance,
    content_distance,
    extract,
    total_variation,
)
from limner.art.style_options import DRAW_STEP, MIN_CROP, PictureStyle
from limner.guide import grey
from limner.networks.features import SqueezeNet
from limner.seeding import STYLES, derive_generator

SMALLEST = 128
"""Long side of the first size, about: each is twice the one before."""

LEARNING_RATE = 0.05
"""Adam's, of pixels in -1..1."""

BETAS = (0.9, 0.99)
"""Adam's decay rates."""

MARGIN = 8
"""Pixels around a picture while it is looked at: the first convolution does not pad, so it hardly sees the
border, which would get any colour."""

TINY = 1e-6
"""Added to a deviation that may be 0."""

OnStep = Callable[[int, int], None]


def no_report(done: int, total: int) -> None:
    """An `OnStep` that does nothing."""
    _ = done, total


@dataclass(frozen=True)
class Gatys:
    """Paints pictures in the style of a painting. On a CPU, the same seed gives the same picture."""

    network: SqueezeNet
    painting: Tensor
    """RGB in 0..1, (1, 3, H, W)."""
    options: PictureStyle

    def __call__(self, photo: Tensor, on_step: OnStep = no_report) -> Tensor:
        """The photo (1, 3, H, W) in 0..1 as a painting of the same shape and range."""
        painting, shown = self.painting, photo
        if self.options.keep_colours:
            shown = grey(photo).expand_as(photo)
            painting = match_light(grey(painting), shown).expand_as(painting)
        plan = plan_sizes(photo.shape[2], photo.shape[3], self.options.steps)
        total, done = sum(steps for _, steps in plan), 0
        picture = shown
        for level, (size, steps) in enumerate(plan):
            picture = resize(picture, size)
            for following in self._optimise(picture, shown, painting, level, steps):
                picture, done = following, done + 1
                on_step(done, total)
        return with_colours(picture, photo) if self.options.keep_colours else picture

    def _optimise(
        self, start: Tensor, photo: Tensor, painting: Tensor, level: int, steps: int
    ) -> Iterator[Tensor]:
        """The pictures after each step at one size, that of `start`."""
        size = (start.shape[2], start.shape[3])
        # A painting that is smaller than the picture is not enlarged: its strokes would be blurred.
        scale = min(1.0, max(size) / max(painting.shape[2:]))
        fitted = resize(painting, [max(MIN_CROP, round(scale * side)) for side in painting.shape[2:]])
        options = self.options
        style = StyleDistance(self.network, 2 * fitted - 1, options.loss, options.seed)
        with torch.no_grad():
            wanted = extract(self.network, _with_margin(2 * resize(photo, size) - 1)).content
        pixels = (2 * start - 1).detach().contiguous().requires_grad_()
        optimizer = torch.optim.Adam([pixels], lr=LEARNING_RATE, betas=BETAS)
        for step in range(steps):
            generator = derive_generator(options.seed, STYLES, DRAW_STEP, level, step)
            found = extract(self.network, _with_margin(pixels))
            loss = (
                content_distance(found.content, wanted)
                + options.strength * STYLE_WEIGHT * style(found, generator)
                + options.smooth * total_variation(pixels)
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            with torch.no_grad():
                pixels.clamp_(-1, 1)
            yield pixels.detach() / 2 + 0.5


def _with_margin(picture: Tensor) -> Tensor:
    """A picture with its mirror image around it."""
    return functional.pad(picture, (MARGIN,) * 4, mode="reflect")


def plan_sizes(height: int, width: int, steps: int) -> list[tuple[tuple[int, int], int]]:
    """Heights and widths, small ones first, the last the picture's own; and the steps at each."""
    halvings = next(n for n in count() if max(height, width) / 2**n <= 1.5 * SMALLEST)
    sizes = [
        (max(MIN_CROP, round(height / 2**power)), max(MIN_CROP, round(width / 2**power)))
        for power in range(halvings, 0, -1)
    ]
    return [(size, max(1, round(steps / 2**level))) for level, size in enumerate([*sizes, (height, width)])]


def resize(picture: Tensor, size: Sequence[int]) -> Tensor:
    """(B, C, H, W) in 0..1 at another height and width, antialiased; as it is where it has them."""
    if list(picture.shape[2:]) == list(size):
        return picture
    return functional.interpolate(picture, size=list(size), mode="bicubic", antialias=True).clamp(0, 1)


def match_light(image: Tensor, other: Tensor) -> Tensor:
    """An image (1, 1, H, W) in 0..1 with the mean and the deviation of another (Gatys et al. 2016b)."""
    scale = other.std() / (image.std() + TINY)
    return ((image - image.mean()) * scale + other.mean()).clamp(0, 1)


def with_colours(painting: Tensor, photo: Tensor) -> Tensor:
    """The luminance of a painting with the colours of its photo, (1, 3, H, W) in 0..1."""
    return (photo + grey(painting) - grey(photo)).clamp(0, 1)
