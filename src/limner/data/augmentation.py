"""Data augmentation: random crops, flips, and the guide's random brightness and contrast.

Akten's recipe (*Learning to See*, 2017): each time a picture is used, it is scaled to 100 to 130 %, cropped
and perhaps mirrored, and its guide is made brighter or darker. One affine `grid_sample` does this on the
device for a whole batch. kornia offers any transform, but costs more. The guide is then degraded as by a
webcam (`limner.data.camera`).

Both pictures of a training pair get the same crop, so they stay aligned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from limner.data.camera import CameraParams, degrade
from limner.guide import GuideModule, SoftGuide
from limner.recipe import Recipe


@dataclass(frozen=True)
class AugmentationParams:
    """The random parameters of B pictures; each is (B,), float32, on the CPU."""

    scale: Tensor
    """Enlargement, 1..recipe.scale."""
    down: Tensor
    """Vertical position of the window, from top (0) to bottom (1)."""
    across: Tensor
    """Horizontal position of the window, from left (0) to right (1)."""
    mirror: Tensor
    """-1 if the picture is mirrored, left to right, otherwise 1."""
    brightness: Tensor
    """Added to the guide."""
    contrast: Tensor
    """Factor on the guide, about its middle."""

    def slice(self, start: int, end: int) -> AugmentationParams:
        """The parameters of pictures `start` to `end`."""
        return AugmentationParams(*(getattr(self, field.name)[start:end] for field in fields(self)))


def sample_params(recipe: Recipe, count: int, generator: torch.Generator) -> AugmentationParams:
    """Draw random parameters for `count` pictures."""
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
    """The parameters of an unchanged centre crop: for held-out pictures and samples."""
    ones, zeros = torch.ones(count), torch.zeros(count)
    return AugmentationParams(
        scale=ones, down=ones / 2, across=ones / 2, mirror=ones, brightness=zeros, contrast=ones
    )


@dataclass(frozen=True)
class Batch:
    """B pictures before augmentation.

    A box is a square of S x S pixels that contains the picture's window; S is the store's short side.
    """

    target: Tensor
    """uint8 (B, S, S, 3): boxes of the pictures to be painted."""
    source: Tensor | None
    """uint8 (B, S, S, 3): the same boxes of the inputs; None if the guide is made from the target."""
    window: Tensor
    """float32 (4, B): top, left and side of the windows in pixels of the box, and
    `AugmentationParams.mirror`."""
    guide_params: Tensor
    """float32 (2, B): the guide's brightness and contrast."""
    camera: CameraParams | None = None
    """What the inputs' cameras make of them; None for nothing."""

    def to(self, device: torch.device) -> Self:
        """Copy the batch to a device, asynchronously where possible."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Self:
        """Copy the batch to page-locked memory, from which a GPU copies asynchronously."""
        return self._map(Tensor.pin_memory)

    def _map(self, function: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(
            function(self.target),
            None if self.source is None else function(self.source),
            function(self.window),
            function(self.guide_params),
            None if self.camera is None else self.camera.map(function),
        )


class TrainingPair(NamedTuple):
    """A batch of inputs and targets for one training step, both channels-last, -1..1."""

    input: Tensor
    """(B, C, S, S): the guide; S is P, or fewer where a network begins with less."""
    target: Tensor
    """(B, 3, P, P): the picture that the guide was made from, or the pair's target."""


def crop_and_resize(boxes: Tensor, window: Tensor, pixels: int) -> Tensor:
    """Crop a window from each box and resize it to `pixels` x `pixels`.

    Cubic, since linear interpolation blurs, and a network paints as softly as the pictures it is shown.
    Boxes are uint8 (B, S, S, 3), `window` is (4, B) as in `Batch`. Returns float32 (B, 3, P, P), 0..1,
    channels-last. A window's side is at most 1.3 P, so four taps per axis skip no pixels.
    """
    top, left, side, mirror = window / window.new_tensor([boxes.shape[1]] * 3 + [1])[:, None]
    zeros = torch.zeros_like(side)
    across = torch.stack([side * mirror, zeros, 2 * left + side - 1], dim=1)
    down = torch.stack([zeros, side, 2 * top + side - 1], dim=1)
    size = [len(boxes), 3, pixels, pixels]
    grid = nn.functional.affine_grid(torch.stack([across, down], dim=1), size, align_corners=False)
    images = boxes.permute(0, 3, 1, 2).float()
    crops = nn.functional.grid_sample(
        images, grid, mode="bicubic", padding_mode="border", align_corners=False
    )
    return (crops / 255).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def make_pair(batch: Batch, guide: GuideModule, pixels: int) -> TrainingPair:
    """Make the training pair of a batch that is on the guide's device."""
    target = crop_and_resize(batch.target, batch.window, pixels)
    source = target if batch.source is None else crop_and_resize(batch.source, batch.window, pixels)
    return TrainingPair(
        (2 * _make_guide(batch, source, guide) - 1).contiguous(memory_format=torch.channels_last),
        (2 * target - 1).contiguous(memory_format=torch.channels_last),
    )


def _make_guide(batch: Batch, source: Tensor, guide: GuideModule) -> Tensor:
    """The guide (B, C, S, S) of the batch's inputs (B, 3, P, P), through its cameras."""
    brightness, contrast = batch.guide_params.reshape(2, -1, 1, 1, 1)
    camera = batch.camera
    if not isinstance(guide, SoftGuide):
        seen = source if camera is None else degrade(source, camera)
        image: Tensor = guide(seen, brightness, contrast)
        return image
    cells = guide.coarse(source)
    if camera is not None:
        # The cells are all that is kept of the picture, and degrading these costs next to nothing.
        cells = degrade(cells, camera)
    # Auto-levels are for light that training never shows.
    levels = torch.zeros_like(brightness)
    return guide.enlarge(guide.adjust_cells(cells, brightness, contrast, levels), guide.side)
