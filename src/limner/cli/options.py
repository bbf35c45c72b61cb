"""Options that several commands share. Each group is a dataclass; its docstrings are the help texts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from limner.data.pairs import Side
from limner.errors import LimnerError

T = TypeVar("T")
Flat = Annotated[T, OmitArgPrefixes]
Target = Literal["onnx", "tfjs"]
NO_DEFAULT_SHOWN = tyro.conf.arg(help_behavior_hint="")
"""For options whose help text already states the default."""

PATHS = tyro.constructors.ConstructorRegistry()
"""How paths are read from the command line."""

Sources = Annotated[
    Positional[tuple[Path, ...]], tyro.conf.arg(metavar="SOURCE...", help_behavior_hint="(required)")
]
Looks = Annotated[
    Positional[tuple[Path, ...]], tyro.conf.arg(metavar="LOOK...", help_behavior_hint="(required)")
]


@dataclass(frozen=True)
class Credits:
    """What visitors read about a look."""

    name: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The look's name, shown on the page. Default: the name of the source."""
    author: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """Who made the look."""
    credit: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """Credit for the training pictures, such as "Photos by Ada Example"."""
    licence: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The pictures' licence, such as "CC BY 4.0"."""


@dataclass(frozen=True)
class ImportOptions:
    """How pictures are imported from the sources."""

    frames: int = 400
    """Frames to take from each video, evenly spread."""
    inputs: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """For pairs: a folder of input pictures with the same names as the sources'."""
    side: Annotated[Side | None, NO_DEFAULT_SHOWN] = None
    """For pairs side by side in one picture: the half that is the input."""


@dataclass(frozen=True)
class StoreOptions(ImportOptions):
    """How pictures are imported from the sources, and what the network learns of them."""

    strokes: bool = False
    """Paint the pictures anew with brush strokes first, so that the network paints as in oils."""


@dataclass(frozen=True)
class BudgetOptions:
    """The training budget: when training ends. Default: 200 epochs or three hours, whichever is first."""

    epochs: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Passes over all training pictures."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, including the time of earlier sessions of the run."""


@dataclass(frozen=True)
class LiveOptions:
    """The look's live inputs and filters, as set by the page's sliders."""

    brightness: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The guide's brightness."""
    contrast: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The guide's contrast."""
    levels: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """How far the light is moved to that of the look's pictures: 0 for not at all."""
    freeze: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """1: hold the first picture."""
    stillness: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Smooth the painting over time where little moves: 0 (not at all) to 0.95."""
    smoothing: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Smooth the guide over time: 0 to 0.95."""
    difference: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Show the network what changes from frame to frame: 0 to 1."""
    stretch: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Stretch the guide's contrast: 0 to 1."""
    blur: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Blur the guide: 0 to 1."""
    median: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """1: replace each pixel of the guide by the median around it."""
    threshold: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Make the guide white above this value, and black below it: 0 (off) to 1."""
    invert: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Swap black and white in the guide: 0 to 1."""

    def given_values(self) -> dict[str, float]:
        """The live inputs and filters that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class PictureOptions:
    """The pictures of another program's network. Default: found out, from the file and by trying.

    A pair with a colon, such as 0..255:0..1, is of what the network takes and of what it gives.
    """

    range: Annotated[str | None, NO_DEFAULT_SHOWN] = None
    """The values of black and white: 0..1, -1..1 or 0..255."""
    layout: Annotated[str | None, NO_DEFAULT_SHOWN] = None
    """The order of the axes: NCHW or NHWC."""
    channels: Annotated[str | None, NO_DEFAULT_SHOWN] = None
    """The channels: RGB, BGR, grey or RGBA."""
    pixels: Annotated[str | None, NO_DEFAULT_SHOWN] = None
    """Side of the picture, or WIDTHxHEIGHT, for a network that takes any size. Default: 256."""


@dataclass(frozen=True)
class ServeOptions:
    """Where the page is served: on this machine only."""

    port: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Port. Default: the first free port from 8000."""
    open: bool = True
    """Whether to open the page in the browser."""


@PATHS.primitive_rule
def _read_paths(
    info: tyro.constructors.PrimitiveTypeInfo,
) -> tyro.constructors.PrimitiveConstructorSpec[Path] | None:
    """Read every `Path`; refuse an empty one, such as an unset `$VARIABLE`: Python takes it for `.`."""
    if info.type is not Path:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=lambda words: _parse_path(words[0]),
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda path: [str(path)],
    )


def _parse_path(text: str) -> Path:
    if not text:
        raise LimnerError("A path is empty. The current folder is `.`.")
    return Path(text)


def changed_options(given: T, default: T, *names: str) -> list[str]:
    """The options of a group, as people type them, that differ from the default: of these, or all."""
    options = []
    for name in names or vars(given):
        value = getattr(given, name)
        if value != getattr(default, name):
            word = name.replace("_", "-")
            options.append(f"--no-{word}" if value is False else f"--{word}")
    return options


def require_sources(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the sources; raises LimnerError if there are none."""
    if not sources:
        raise LimnerError("Name a folder of pictures, or a video: `limner look my-photos`.")
    return sources
