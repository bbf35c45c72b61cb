"""Random patches of keyframes: what a step of keyframe painting learns from.

Patches are not mirrored or scaled, since strokes have directions and widths. What the network sees gets a
little noise and other light, while its painting stays the same: a camera's noise and its automatic exposure
must not make paintings flicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.data.keyframes import Keyframe
from limner.keyframe_recipe import KeyframeRecipe
from limner.seeding import PATCHES, derive_generator


class PatchBatch(NamedTuple):
    """What one step learns from."""

    input: Tensor
    """(B, 3, P, P) in -1..1: patches of frames, with noise and other light."""
    target: Tensor
    """(B, 3, P, P) in -1..1: the same patches as they are painted."""
    is_painted: Tensor
    """(B, 1, P, P): false where nothing is learned."""


class PatchSampler:
    """Draws the patches of each step, which depend on the seed and the step alone."""

    def __init__(self, pairs: Sequence[Keyframe], recipe: KeyframeRecipe, device: torch.device) -> None:
        self.recipe = recipe
        self.device = device
        self.frames = [_to_tensor(pair.frame) for pair in pairs]
        self.targets = [_to_tensor(pair.painted) for pair in pairs]
        self.masks = [torch.from_numpy(pair.is_painted)[None] for pair in pairs]
        self.painted = [mask[0].nonzero() for mask in self.masks]

    def at(self, step: int) -> PatchBatch:
        """The patches of a step."""
        generator = derive_generator(self.recipe.seed, PATCHES, step)
        corners = [self._corner(generator) for _ in range(self.recipe.batch)]
        frames, targets, masks = (
            torch.stack([self._cut(images, corner) for corner in corners])
            for images in (self.frames, self.targets, self.masks)
        )
        frames = disturb(frames, generator, noise=self.recipe.noise, light=self.recipe.light)
        shown, wanted = (
            patches.to(self.device).contiguous(memory_format=torch.channels_last)
            for patches in (2 * frames - 1, 2 * targets - 1)
        )
        return PatchBatch(shown, wanted, masks.to(self.device))

    def whole_frames(self) -> list[Tensor]:
        """Each keyframe's frame as a network input (1, 3, H, W), its sides cut to multiples of 8."""
        return [
            (2 * frame[None, :, : frame.shape[1] // 8 * 8, : frame.shape[2] // 8 * 8] - 1).to(self.device)
            for frame in self.frames
        ]

    def _corner(self, generator: torch.Generator) -> tuple[int, int, int]:
        """A keyframe, and the top and the left of a patch that has something painted in it."""
        which = int(torch.randint(len(self.frames), (), generator=generator))
        _, height, width = self.frames[which].shape
        places = self.painted[which]
        place = places[torch.randint(len(places), (), generator=generator)].tolist()
        # Uniform over the patches with that place in them; at the border there are fewer.
        tops = [
            (max(0, at - self.recipe.patch + 1), min(at, side - self.recipe.patch))
            for at, side in zip(place, (height, width), strict=True)
        ]
        top, left = (int(torch.randint(low, high + 1, (), generator=generator)) for low, high in tops)
        return which, top, left

    def _cut(self, images: Sequence[Tensor], corner: tuple[int, int, int]) -> Tensor:
        which, top, left = corner
        side = self.recipe.patch
        return images[which][:, top : top + side, left : left + side]


def disturb(frames: Tensor, generator: torch.Generator, *, noise: float, light: float) -> Tensor:
    """Frames (B, 3, P, P) in 0..1 in other light and with noise, of another strength each.

    `noise` is the largest standard deviation, `light` the largest change of contrast and brightness.
    """
    strength, contrast, brightness = torch.rand(3, len(frames), 1, 1, 1, generator=generator)
    grain = noise * strength * torch.randn(frames.shape, generator=generator)
    lit = (frames - 0.5) * (1 + light * (2 * contrast - 1)) + 0.5
    disturbed: Tensor = (lit + light * (brightness - 0.5) + grain).clamp(0, 1)
    return disturbed


def _to_tensor(picture: NDArray[np.uint8]) -> Tensor:
    """(H, W, 3) uint8 as (3, H, W) in 0..1."""
    return torch.tensor(picture).permute(2, 0, 1).float() / 255
