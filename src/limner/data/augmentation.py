"""From stored pictures to what the networks are shown: random windows, flips, and the guide's light.

Akten's recipe (*Learning to See*, 2017): every time a picture is met, it is enlarged by 100 to 130 %,
cropped and perhaps mirrored, and its guide is made brighter or darker. All of it runs on the device for
a whole batch at once: one affine `grid_sample`. kornia does the same for any transform there is, and costs
more for it.

A picture and its input, where pairs are trained, go through the same windows: they cannot part.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from limner.guide import GuideModule
from limner.recipe import Recipe


@dataclass(frozen=True)
class AugmentationParams:
    """The random numbers of B pictures; each is (B,), float32, on the CPU."""

    scale: Tensor
    """Enlargement, 1..recipe.scale."""
    down: Tensor
    """Where the window is between top (0) and bottom (1)."""
    across: Tensor
    """Where the window is between left (0) and right (1)."""
    mirror: Tensor
    """-1 where the picture is mirrored, left to right, and 1 where it is not."""
    brightness: Tensor
    """What is added to the guide."""
    contrast: Tensor
    """What the guide is multiplied with, about its middle."""

    def slice(self, start: int, end: int) -> AugmentationParams:
        """The numbers of some of the pictures."""
        return AugmentationParams(*(getattr(self, field.name)[start:end] for field in fields(self)))


def sample_params(recipe: Recipe, count: int, generator: torch.Generator) -> AugmentationParams:
    """Random numbers for `count` pictures."""
    scale, down, across, mirror, brightness, contrast = torch.rand(6, count, generator=generator)
    return AugmentationParams(
        scale=1 + (recipe.scale - 1) * scale,
        down=down,
        across=across,
        mirror=torch.where(mirror < (0.5 if recipe.flip else 0.0), -1.0, 1.0),
        brightness=recipe.brightness * (2 * brightness - 1),
        contrast=1 + recipe.contrast * (2 * contrast - 1),
    )


def identity_params(count: int) -> AugmentationParams:
    """The middle of each picture as it is: for held-out pictures and samples."""
    one, zero = torch.ones(count), torch.zeros(count)
    return AugmentationParams(
        scale=one, down=one / 2, across=one / 2, mirror=one, brightness=zero, contrast=one
    )


@dataclass(frozen=True)
class Batch:
    """B pictures on their way to the networks.

    A box is a square of S pixels, the store's short side, that holds the picture's window.
    """

    target: Tensor
    """uint8 (B, S, S, 3): boxes of what is to be painted."""
    source: Tensor | None
    """uint8 (B, S, S, 3): the same boxes of the inputs; None where the guide is made of the target."""
    window: Tensor
    """float32 (4, B): top, left and side of the windows in pixels of the box, and the mirror of
    `AugmentationParams`."""
    guide_params: Tensor
    """float32 (2, B): the guide's brightness and contrast."""

    def to(self, device: torch.device) -> Self:
        """The same on a device, without waiting for the copies where they can be made meanwhile."""
        return type(self)(
            self.target.to(device, non_blocking=True),
            None if self.source is None else self.source.to(device, non_blocking=True),
            self.window.to(device, non_blocking=True),
            self.guide_params.to(device, non_blocking=True),
        )

    def pin_memory(self) -> Self:
        """The same in page-locked memory, from where a GPU copies by itself."""
        return type(self)(
            self.target.pin_memory(),
            None if self.source is None else self.source.pin_memory(),
            self.window.pin_memory(),
            self.guide_params.pin_memory(),
        )


class TrainingPair(NamedTuple):
    """What the networks learn from in one step, both channels-last, -1..1."""

    input: Tensor
    """(B, C, P, P): the guide."""
    target: Tensor
    """(B, 3, P, P): the picture that it was made of, or the painting of the pair."""


def crop_and_resize(boxes: Tensor, window: Tensor, pixels: int) -> Tensor:
    """Cut a window out of each box and bring it to `pixels` a side, bilinearly.

    Boxes are uint8 (B, S, S, 3), `window` is (4, B) as in `Batch`. Returns float32 (B, 3, P, P), 0..1,
    channels-last. A window is at most 1.3 P, so that two taps a side leave out next to nothing.
    """
    top, left, side, mirror = window / window.new_tensor([boxes.shape[1]] * 3 + [1])[:, None]
    zero = torch.zeros_like(side)
    across = torch.stack([side * mirror, zero, 2 * left + side - 1], dim=1)
    down = torch.stack([zero, side, 2 * top + side - 1], dim=1)
    size = [len(boxes), 3, pixels, pixels]
    grid = nn.functional.affine_grid(torch.stack([across, down], dim=1), size, align_corners=False)
    images = boxes.permute(0, 3, 1, 2).float()
    cut = nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return (cut / 255).contiguous(memory_format=torch.channels_last)


def make_pair(batch: Batch, guide: GuideModule, pixels: int) -> TrainingPair:
    """What the networks are shown of a batch that is on the guide's device."""
    target = crop_and_resize(batch.target, batch.window, pixels)
    source = target if batch.source is None else crop_and_resize(batch.source, batch.window, pixels)
    brightness, contrast = batch.guide_params.reshape(2, -1, 1, 1, 1)
    live = {"brightness": brightness, "contrast": contrast, "detail": torch.zeros_like(brightness)}
    guided = guide(source, *(live[name] for name in guide.live))
    return TrainingPair(
        (2 * guided - 1).contiguous(memory_format=torch.channels_last),
        (2 * target - 1).contiguous(memory_format=torch.channels_last),
    )
