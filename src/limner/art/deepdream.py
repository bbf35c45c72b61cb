"""DeepDream (Mordvintsev, Olah and Tyka 2015): a picture changes until a network sees more of what it sees.

Gradient ascent on the picture, at several sizes (octaves), small ones first. Of each size only the change
goes on to the next one, so that the picture's own detail comes back. Random shifts keep the strides of the
network from showing, and each step is as large as the next, whatever the gradient's magnitude.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from limner.art.dream_objective import Objective
from limner.art.dream_options import DreamOptions
from limner.art.smoothing import TINY, smooth_gradient
from limner.seeding import DREAMS, derive_generator

OCTAVE_SCALE = 1.4
"""How much larger each octave is than the one before it."""

MIN_SIDE = 48
"""Smallest side of an octave: a smaller one leaves hardly a pixel to late layers."""

MAX_SHIFT = 16
"""Most pixels of a random shift: the stride of the last layers."""

MAX_PUSH = 3.0
"""Multiple of the mean gradient at which a step saturates; a few places would turn neon otherwise."""

OnStep = Callable[[], None]


def no_report() -> None:
    """An `OnStep` that does nothing."""


@dataclass(frozen=True)
class DeepDream:
    """Makes dreams. On a CPU, the same seed, picture and machine give the same dream; cuDNN may add up in
    another order each time."""

    objective: Objective
    options: DreamOptions

    def __call__(
        self, picture: Tensor, *, steps: int | None = None, key: int = 0, on_step: OnStep = no_report
    ) -> Tensor:
        """The dream of an RGB picture (1, 3, H, W) in 0..1, of the same shape and range.

        `steps` are those at each octave; `key` tells frames of a film apart in their random shifts.
        """
        steps = self.options.steps if steps is None else steps
        change: Tensor | None = None
        dream = picture
        for number, size in enumerate(
            octave_sizes(picture.shape[2], picture.shape[3], self.options.octaves)
        ):
            base = resize(picture, size)
            dream = base if change is None else (base + resize(change, size)).clamp(0, 1)
            generator = derive_generator(self.options.seed, DREAMS, key, number)
            for _ in range(steps):
                dream = self.step(dream, generator)
                on_step()
            change = dream - base
        return dream

    def step(self, picture: Tensor, generator: torch.Generator) -> Tensor:
        """One step of ascent."""
        down, right = torch.randint(-MAX_SHIFT, MAX_SHIFT + 1, (2,), generator=generator).tolist()
        shifted = picture.roll((down, right), (2, 3)).requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.objective(shifted), shifted)
        gradient = gradient.roll((-down, -right), (2, 3))
        gradient = smooth_gradient(mute_colours(gradient, self.options.colour), self.options.smooth)
        direction = torch.tanh(gradient / (MAX_PUSH * gradient.abs().mean() + TINY))
        step = self.options.step_size * direction / (direction.abs().mean() + TINY)
        return (picture + step).clamp(0, 1)


def mute_colours(gradient: Tensor, colour: float) -> Tensor:
    """A gradient (B, 3, H, W) whose differences between the colours are multiplied by `colour`.

    Networks ask for saturated colours, of which photographs have few. Lucid's decorrelated colours do the
    same with three numbers (Olah et al. 2017).
    """
    grey = gradient.mean(dim=1, keepdim=True)
    return grey + colour * (gradient - grey)


def octave_sizes(height: int, width: int, octaves: int) -> list[tuple[int, int]]:
    """Heights and widths, small ones first; those with a side below `MIN_SIDE` are left out."""
    sizes = [
        (round(height / OCTAVE_SCALE**power), round(width / OCTAVE_SCALE**power))
        for power in range(octaves - 1, -1, -1)
    ]
    return [size for size in sizes[:-1] if min(size) >= MIN_SIDE] + sizes[-1:]


def resize(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, H, W) at another height and width, antialiased; as it is where it has them."""
    if picture.shape[2:] == size:
        return picture
    return functional.interpolate(picture, size=size, mode="bicubic", antialias=True)
