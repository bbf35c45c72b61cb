"""The options that several commands share: each group is a dataclass, its docstrings are the help."""

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
"""For options whose text says what holds without them."""

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
    """The look's name, shown on the page. Default: the name of what it learned from."""
    author: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """Who made the look."""
    credit: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """Whose pictures it learned from, such as "Photos by Ada Example"."""
    licence: Annotated[str, NO_DEFAULT_SHOWN] = ""
    """The pictures' licence, such as "CC BY 4.0"."""


@dataclass(frozen=True)
class ImportOptions:
    """How pictures are taken from the sources."""

    frames: int = 400
    """Frames to take from each video, evenly spread."""
    inputs: Annotated[Path | None, NO_DEFAULT_SHOWN] = None
    """For pairs: a folder of input pictures with the same names as the sources'."""
    side: Annotated[Side | None, NO_DEFAULT_SHOWN] = None
    """For pairs side by side in one picture: the half that is the input."""


@dataclass(frozen=True)
class BudgetOptions:
    """When training ends; 200 epochs where neither is given."""

    epochs: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Times that training passes over all pictures."""
    minutes: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """Minutes to train, earlier sittings counted in."""


@dataclass(frozen=True)
class LiveOptions:
    """The look's live values, as the page's sliders turn them."""

    brightness: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The guide's brightness."""
    contrast: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """The guide's contrast."""
    detail: Annotated[float | None, NO_DEFAULT_SHOWN] = None
    """How much of the picture's own detail the guide keeps."""

    def values(self) -> dict[str, float]:
        """Those that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class ServeOptions:
    """Where the page is served: on this machine alone."""

    port: Annotated[int | None, NO_DEFAULT_SHOWN] = None
    """Port; the first free one from 8000 where none is given."""
    open: bool = True
    """Whether the page opens in the browser."""


def require_sources(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    """The sources, of which there must be one at least."""
    if not sources:
        raise LimnerError("Name a folder of pictures, or a video: `limner look my-photos`.")
    return sources
