"""How a style is learned, or painted into one picture.

Imports no torch, since the command line imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from limner.errors import LimnerError
from limner.recipe import PictureRecipe, check_pixels, check_range

StyleLoss = Literal["sliced-wasserstein", "gram"]

DRAW_DIRECTIONS, DRAW_CONTENT, DRAW_PARTS, DRAW_STEP = range(4)
"""What a style draws at random: the second part of a key of `limner.seeding`."""

CROP_STEP = 4
"""Sides of crops are multiples of this: what the network halves twice."""

MIN_CROP = 32
"""Smallest side that SqueezeNet can look at."""

MAX_STRENGTH = 100.0

MIN_PICTURE, MAX_PICTURE = 64, 4096
"""Of the long side of a picture that is painted by optimisation."""

MAX_STEPS = 10_000


@dataclass(frozen=True)
class StyleRecipe(PictureRecipe):
    """All settings that determine the training of a style's network."""

    pixels: int = 256
    """Side of the painting in pixels: 64, 128, 256 or 512."""
    crop: int = 128
    """Side in pixels of the parts of pictures that a step learns from."""
    batch: int = 2
    """Pictures per step."""
    learning_rate: float = 2e-3
    """Adam's learning rate."""
    loss: StyleLoss = "sliced-wasserstein"
    """What is compared with the painting: sliced-wasserstein (how features are distributed) or gram (their
    products, as in 2015)."""
    strength: float = 1.0
    """How much of the style: below 1 more of the photo is left, above 1 more of the painting comes."""
    smooth: float = 0.5
    """Weight of the total variation, which calms single pixels."""
    stability: bool = True
    """Whether the network learns not to flicker: paintings of neighbouring frames change as the frames do,
    and a camera's noise changes little."""
    seed: int = 0
    """Random seed. The same seed, pictures and settings give the same steps on a CPU."""

    def __post_init__(self) -> None:
        check_pixels(self.pixels)
        if self.crop % CROP_STEP or not MIN_CROP <= self.crop <= 512:
            raise LimnerError(
                f"crop is {self.crop}; choose a multiple of {CROP_STEP} from {MIN_CROP} to 512."
            )
        if self.loss not in get_args(StyleLoss):
            raise LimnerError(f"loss is {self.loss!r}; choose one of {', '.join(get_args(StyleLoss))}.")
        for name, low, high in (
            ("batch", 1, 64),
            ("learning_rate", 1e-7, 1.0),
            ("strength", 0.0, MAX_STRENGTH),
            ("smooth", 0.0, MAX_STRENGTH),
        ):
            check_range(name, getattr(self, name), low, high)

    @property
    def size(self) -> str:
        """The network, as the look's metadata name it."""
        return "style"


@dataclass(frozen=True)
class PictureStyle:
    """How a style is painted into one picture by optimisation."""

    pixels: int = 512
    """Long side of the painted picture."""
    steps: int = 100
    """Steps at the smallest size; each larger size takes half as many."""
    loss: StyleLoss = "sliced-wasserstein"
    """As of `StyleRecipe`."""
    strength: float = 1.0
    """As of `StyleRecipe`."""
    smooth: float = 0.5
    """As of `StyleRecipe`."""
    keep_colours: bool = False
    """Paint the luminance alone, and keep the colours of the photo."""
    seed: int = 0
    """Of the directions in which features are compared."""

    def __post_init__(self) -> None:
        if not MIN_PICTURE <= self.pixels <= MAX_PICTURE:
            raise LimnerError(
                f"pixels is {self.pixels}; a picture's long side has {MIN_PICTURE} to {MAX_PICTURE:,}."
            )
        if not 1 <= self.steps <= MAX_STEPS:
            raise LimnerError(f"steps is {self.steps}; choose 1 to {MAX_STEPS:,}.")
        check_range("strength", self.strength, 0.0, MAX_STRENGTH)
        check_range("smooth", self.smooth, 0.0, MAX_STRENGTH)
