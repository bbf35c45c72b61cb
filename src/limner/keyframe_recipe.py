"""The recipe of keyframe painting: all settings that determine its training.

This module does not import torch: the command line builds recipes and must start at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from limner.errors import LimnerError
from limner.recipe import PictureRecipe, check_pixels, check_range

PATCH_STEP = 8
"""Sides of patches are multiples of this: what the network halves twice, and the discriminator thrice."""


@dataclass(frozen=True)
class KeyframeRecipe(PictureRecipe):
    """All settings that determine the training on keyframes."""

    pixels: int = 256
    """Side of the painting in pixels: 64, 128, 256 or 512. Frames are learned at this short side."""
    patch: int = 64
    """Side in pixels of the patches that a step learns from, from 32 to 64."""
    batch: int = 8
    """Patches per step."""
    learning_rate: float = 2e-3
    """Adam's learning rate."""
    l1: float = 4.0
    """Weight of the L1 loss."""
    perceptual: float = 1.0
    """Weight of the perceptual loss: the difference of SqueezeNet's features. It keeps strokes crisp."""
    adversarial: float = 0.0
    """Weight of a PatchGAN's loss: crisper strokes, and more flicker. 0 for none."""
    noise: float = 0.02
    """Most noise that is added to frames, as a standard deviation: against flicker."""
    light: float = 0.05
    """Most by which frames are made lighter or darker, and duller or not: against flicker."""
    seed: int = 0
    """Random seed. The same seed, pictures and recipe give the same weights on a CPU."""

    def __post_init__(self) -> None:
        check_pixels(self.pixels)
        if self.patch % PATCH_STEP or not 32 <= self.patch <= 64:
            raise LimnerError(f"patch is {self.patch}; choose 32, 40, 48, 56 or 64.")
        for name, low, high in (
            ("batch", 2, 256),
            ("learning_rate", 1e-7, 1.0),
            ("l1", 0.0, 1e4),
            ("perceptual", 0.0, 1e4),
            ("adversarial", 0.0, 1e4),
            ("noise", 0.0, 0.5),
            ("light", 0.0, 0.5),
        ):
            check_range(name, getattr(self, name), low, high)
        if not (self.l1 or self.perceptual):
            raise LimnerError("l1 and perceptual are both 0, so nothing is learned: leave one out.")

    @property
    def size(self) -> str:
        """The network, as the look's metadata name it."""
        return "keyframe"
