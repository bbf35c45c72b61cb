"""The recipe: all settings that determine a training run, frozen and saved with it.

This module does not import torch: the command line builds recipes and must start at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, Protocol, get_args, get_type_hints

from limner.errors import LimnerError
from limner.reading import parse_json

Size = Literal["full", "lean", "small", "medium", "large"]
GuideName = Literal["soft", "edges", "colour"]
Upsampling = Literal["nearest", "transposed"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]

PIXELS = (64, 128, 256, 512)

COMPACT: tuple[Size, ...] = ("full", "lean")
"""The sizes that are not the paper's."""

CELLS = 32
"""Cells along a side of the soft guide. The compact sizes begin with them: nothing finer is left."""


class LookRecipe(Protocol):
    """What an export asks of a recipe, which is a dataclass: its fields go into the look."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def pixels(self) -> int:
        """Side of the painting in pixels."""

    @property
    def size(self) -> str:
        """The network."""

    @property
    def guide(self) -> GuideName:
        """The network's input."""

    @property
    def guide_side(self) -> int:
        """Side of the network's input in pixels."""

    @property
    def guide_channels(self) -> int:
        """Channels of the network's input."""


@dataclass(frozen=True)
class PictureRecipe:
    """What recipes share whose network sees the picture itself: keyframes and styles."""

    pixels: int = 256
    """Side of the painting in pixels."""

    @property
    def guide(self) -> GuideName:
        """What the network sees: the picture itself."""
        return "colour"

    @property
    def guide_side(self) -> int:
        """Side of the network's input in pixels."""
        return self.pixels

    @property
    def guide_channels(self) -> int:
        """Channels of the network's input."""
        return 3

    def to_json(self) -> str:
        """The recipe as JSON, in the order of the fields."""
        return json.dumps(asdict(self))

    def differences(self, other: dict[str, object]) -> list[str]:
        """The settings in which a saved recipe differs, such as `batch (4, not 8)`, its value first."""
        return [
            f"{name} ({other.get(name)}, not {value})"
            for name, value in asdict(self).items()
            if other.get(name) != value
        ]


def check_pixels(pixels: int) -> None:
    """Raise LimnerError where a painting cannot have this side."""
    if pixels not in PIXELS:
        raise LimnerError(
            f"pixels is {pixels}; choose a power of two from 64 to 512: {', '.join(map(str, PIXELS))}."
        )


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise LimnerError where a setting is outside `low` to `high`, or NaN."""
    if not low <= value <= high:
        raise LimnerError(f"{name} is {value}; choose a value from {low:g} to {high:g}.")


@dataclass(frozen=True)
class Recipe:
    """All settings that determine a training run."""

    size: Size = "full"
    """Generator size: full is the default, lean is for phones and old laptops; small, medium and large are
    the paper's (Murr 2020, table 1)."""
    pixels: int = 256
    """Side of the painting in pixels: 64, 128, 256 or 512."""
    guide: GuideName = "soft"
    """The network's input: soft (grey, coarse), edges, or colour (the picture itself)."""
    upsampling: Upsampling = "nearest"
    """Upsampling layers of the paper's sizes: nearest (then a 3x3 convolution: no checkerboards) or
    transposed (as in the paper). full and lean have nearest."""
    discriminator: int = 16
    """Width of the PatchGAN's first layer; the pix2pix paper has 64."""
    batch: int = 4
    """Pictures per step, summed over all processes."""
    learning_rate: float = 4e-4
    """Adam's learning rate, for both networks."""
    beta1: float = 0.5
    """Adam's decay rate of the first moment."""
    feature_matching: float = 4.0
    """Weight of the L1 loss of the discriminator's features, beside the adversarial loss of weight 1."""
    perceptual: float = 8.0
    """Weight of the perceptual loss: the difference of SqueezeNet's features."""
    low_l1: float = 10.0
    """Weight of the L1 loss of means of 8x8 pixels."""
    l1: float = 4.0
    """Weight of the L1 loss. A high one blurs."""
    light: float = 10.0
    """Weight of the loss of scenes: light and dark that a camera shows have to appear in the painting.
    0 shows the network none. Only the soft guide has scenes, and not with pairs."""
    average: float = 0.998
    """Decay of the moving average of the generator's weights, which is what paints."""
    dropout: float = 0.5
    """Dropout rate of the three innermost upsampling layers of the paper's sizes."""
    flip: bool = True
    """Mirror half of the pictures, left to right."""
    scale: float = 1.3
    """Largest random enlargement; Akten used 1.3."""
    brightness: float = 0.2
    """Largest random change of the guide's brightness, up or down."""
    contrast: float = 0.15
    """Largest random difference of the guide's contrast from 1, up or down."""
    camera: float = 1.0
    """How much guides are degraded as by a webcam: dull, dark at the corners, noisy. 0 for not at all."""
    precision: Precision = "auto"
    """auto is float32 on a CPU, and bfloat16 or float16 on a GPU."""
    seed: int = 0
    """Random seed. The same seed, pictures and recipe give the same weights on a CPU."""

    def __post_init__(self) -> None:
        hints = get_type_hints(Recipe)
        for name in ("size", "guide", "upsampling", "precision"):
            allowed = get_args(hints[name])
            if getattr(self, name) not in allowed:
                raise LimnerError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(allowed)}.")
        check_pixels(self.pixels)
        if self.upsampling == "transposed" and self.size in COMPACT:
            raise LimnerError(
                f"upsampling is transposed, which {self.size} has not; choose nearest, or one of the "
                "paper's sizes: small, medium, large."
            )
        if self.batch < 2:
            raise LimnerError(f"batch is {self.batch}; batch norm needs at least 2 pictures in a step.")
        if not 4 <= self.discriminator <= 256:
            raise LimnerError(f"discriminator is {self.discriminator}; choose a width from 4 to 256.")
        for name, low, high in (
            ("learning_rate", 1e-7, 1.0),
            ("beta1", 0.0, 0.999),
            ("feature_matching", 0.0, 1e4),
            ("perceptual", 0.0, 1e4),
            ("low_l1", 0.0, 1e4),
            ("l1", 0.0, 1e4),
            ("light", 0.0, 1e4),
            ("average", 0.0, 0.99999),
            ("dropout", 0.0, 0.9),
            ("scale", 1.0, 1.3),
            ("brightness", 0.0, 1.0),
            ("contrast", 0.0, 0.9),
            ("camera", 0.0, 1.0),
        ):
            check_range(name, getattr(self, name), low, high)
        if self.light not in (0, Recipe.light) and self.guide != "soft":
            raise LimnerError(
                f"light is {self.light:g}, and guide is {self.guide}, which has no scenes: leave light "
                "out, or choose the soft guide."
            )
        if self.dropout != Recipe.dropout and self.size in COMPACT:
            raise LimnerError(
                f"dropout is {self.dropout}, which {self.size} has not; leave it out, or choose one of the "
                "paper's sizes: small, medium, large."
            )

    @property
    def guide_side(self) -> int:
        """Side of the generator's input in pixels."""
        return CELLS if self.guide == "soft" and self.size in COMPACT else self.pixels

    @property
    def guide_channels(self) -> int:
        """Channels of the generator's input."""
        return 3 if self.guide == "colour" else 1

    def differences(self, other: Recipe) -> list[str]:
        """The fields in which two recipes differ, such as `batch (4, not 8)`: this recipe's value first."""
        return [
            f"{field.name} ({getattr(self, field.name)}, not {getattr(other, field.name)})"
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]

    def to_json(self) -> str:
        """The recipe as indented JSON, in the order of the fields."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read the output of `to_json`. Raises LimnerError that names an unknown field or a wrong value."""
        try:
            values: Any = parse_json(text)
        except ValueError as error:
            raise LimnerError(f"The recipe is not JSON ({error}).") from error
        if not isinstance(values, dict):
            raise LimnerError("The recipe is not a JSON object.")
        hints = get_type_hints(cls)
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise LimnerError(
                f"The recipe has {', '.join(unknown)}, which this version of limner does not know."
            )
        for name, value in values.items():
            expected = hints[name] if hints[name] in (int, float, bool) else str
            is_right = isinstance(value, expected) or (expected is float and isinstance(value, int))
            if not is_right or (isinstance(value, bool) and expected is not bool):
                raise LimnerError(f"The recipe's {name} is {value!r}, not a {expected.__name__}.")
        return cls(**values)
