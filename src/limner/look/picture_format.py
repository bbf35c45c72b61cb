"""In which form a network takes or gives a picture: the range of its values, their layout, its channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from limner.errors import LimnerError
from limner.look.picture_sizes import Size, parse_pixels

Range = Literal["0..1", "-1..1", "0..255"]
Layout = Literal["NCHW", "NHWC"]
Channels = Literal["RGB", "BGR", "grey", "RGBA"]

RANGES: dict[Range, tuple[float, float]] = {"0..1": (0, 1), "-1..1": (-1, 1), "0..255": (0, 255)}
"""The values of black and of white."""

CHANNEL_COUNTS: dict[Channels, int] = {"RGB": 3, "BGR": 3, "grey": 1, "RGBA": 4}

GREY = (0.299, 0.587, 0.114)
"""The luma of BT.601, as in the guide."""

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class PictureFormat:
    """The form of one picture. By default that of a look: (1, 3, H, W), RGB in 0..1."""

    range: Range = "0..1"
    layout: Layout = "NCHW"
    channels: Channels = "RGB"

    @property
    def is_known(self) -> bool:
        """Whether each word is one of those above: a file may have others."""
        words = ((self.range, Range), (self.layout, Layout), (self.channels, Channels))
        return all(word in get_args(known) for word, known in words)

    @property
    def channel_count(self) -> int:
        return CHANNEL_COUNTS[self.channels]

    def encode(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """An RGB picture (H, W, 3) in 0..1 as this format's batch of one. An alpha channel is opaque."""
        match self.channels:
            case "BGR":
                image = image[..., ::-1]
            case "grey":
                image = (image @ np.array(GREY, np.float32))[..., None]
            case "RGBA":
                image = np.concatenate([image, np.ones_like(image[..., :1])], axis=-1)
        black, white = RANGES[self.range]
        values = (image * np.float32(white - black) + np.float32(black))[None]
        return np.ascontiguousarray(values if self.layout == "NHWC" else values.transpose(0, 3, 1, 2))

    def decode(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """A batch of one as an RGB picture (H, W, 3), not clipped. An alpha channel is left out."""
        image = values[0] if self.layout == "NHWC" else values[0].transpose(1, 2, 0)
        black, white = RANGES[self.range]
        channels = {"BGR": [2, 1, 0], "grey": [0, 0, 0]}.get(self.channels, [0, 1, 2])
        rgb: NDArray[np.float32] = (image[..., channels] - np.float32(black)) / np.float32(white - black)
        return rgb

    def __str__(self) -> str:
        """The range, and what else differs from a look's picture."""
        words = [word for word in (self.layout, self.channels) if word not in {"NCHW", "RGB"}]
        return ", ".join([self.range, *words])


@dataclass(frozen=True)
class Formats:
    """The forms of a network's input and of its output."""

    input: PictureFormat = PictureFormat()
    output: PictureFormat = PictureFormat()

    @property
    def is_plain(self) -> bool:
        """Whether both are those of a look."""
        return self == PLAIN

    def describe(self) -> str:
        """The rest of a sentence, such as "takes and gives 0..255, NHWC"."""
        if self.input == self.output:
            return f"takes and gives {self.input}"
        return f"takes {self.input} and gives {self.output}"


PLAIN = Formats()
"""Those of a look."""


@dataclass(frozen=True)
class FormatOptions:
    """What a person says about a network's pictures. None for what is to be found out.

    Each may be a pair, of the input and of the output.
    """

    range: tuple[Range, Range] | None = None
    layout: tuple[Layout, Layout] | None = None
    channels: tuple[Channels, Channels] | None = None
    pixels: int | Size | None = None
    """Side of the picture, or its height and width, for a network that takes any size."""


NOTHING_SAID = FormatOptions()


def read_options(
    *, range: str | None, layout: str | None, channels: str | None, pixels: str | None
) -> FormatOptions:
    """Parse options such as "0..255", or "-1..1:0..1" where the output differs from the input.

    `pixels` is such as "320" or "512x384".

    Raises LimnerError for any other word.
    """
    return FormatOptions(
        range=_read_pair("--range", range, get_args(Range)),
        layout=_read_pair("--layout", layout, get_args(Layout)),
        channels=_read_pair("--channels", channels, get_args(Channels)),
        pixels=None if pixels is None else parse_pixels(pixels),
    )


def _read_pair(option: str, text: str | None, words: Sequence[Word]) -> tuple[Word, Word] | None:
    if text is None:
        return None
    spelled = {word.lower(): word for word in words}
    parts = [spelled.get(part.strip().lower()) for part in text.split(":")]
    if len(parts) > 2 or None in parts:
        raise LimnerError(
            f"{option} is {text!r}; it is one of {', '.join(words)}, or two of them with a colon between: "
            "of what the network takes, and of what it gives."
        )
    pair = cast("list[Word]", parts)
    return pair[0], pair[-1]
