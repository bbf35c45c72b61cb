"""What a look says of itself: the strings beside its graph, as docs/design.md lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onnx import ModelProto, StringStringEntryProto

from limner.errors import LimnerError
from limner.live import LiveInput

FORMAT = "1"

LINES = ("name", "author", "credit", "licence")
"""What people read; lines of text, empty where not given."""

KEYS = ("format", *LINES, "pixels", "size", "guide", "live", "recipe", "figures")
"""In the order in which they are written."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A look's name and origin, and how it was made; empty for an ONNX file that is not ours."""

    name: str = ""
    author: str = ""
    credit: str = ""
    licence: str = ""
    pixels: int
    """Side of the painting."""
    size: str = ""
    guide: str = ""
    live: Mapping[str, LiveInput] = field(default_factory=dict)
    """The values that may be turned, in the order of the graph's inputs."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Parameters, multiply-adds, bytes, parity and compression."""


def write_metadata(model: ModelProto, metadata: Metadata) -> None:
    """Replace the model's metadata. The same metadata gives the same bytes."""
    live = {
        name: {"label": one.label, "min": one.minimum, "max": one.maximum, "default": one.default}
        for name, one in metadata.live.items()
    }
    values = {
        "format": FORMAT,
        **{key: _line(getattr(metadata, key)) for key in LINES},
        "pixels": str(metadata.pixels),
        "size": metadata.size,
        "guide": metadata.guide,
        "live": json.dumps(live),
        "recipe": json.dumps(dict(metadata.recipe)),
        "figures": json.dumps(dict(metadata.figures)),
    }
    del model.metadata_props[:]
    model.metadata_props.extend(
        StringStringEntryProto(key=f"limner.{key}", value=values[key]) for key in KEYS
    )


def read_metadata(model: ModelProto) -> Metadata | None:
    """A limner look's metadata, or None where the file is another program's.

    Raises LimnerError, whose sentence goes on after the file's name, where something is absent or wrong.
    """
    values = {
        p.key.removeprefix("limner."): p.value for p in model.metadata_props if "limner." in p.key[:7]
    }
    if not values and model.producer_name != "limner":
        return None
    if absent := [key for key in KEYS if key not in values]:
        raise LimnerError(f"is cut off: its {', '.join(absent)} is not there")
    if values["format"] != FORMAT:
        raise LimnerError(
            f"has format {values['format'][:20]!r}, which this version of limner does not know: "
            "install a newer one"
        )
    try:
        return Metadata(
            **{key: _line(values[key]) for key in LINES},
            pixels=int(values["pixels"]),
            size=_line(values["size"]),
            guide=_line(values["guide"]),
            live=_read_live(values["live"]),
            recipe=_read_object(values["recipe"]),
            figures=_read_object(values["figures"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LimnerError("has damaged metadata: export it again") from error


def _line(text: str) -> str:
    """One line without control characters, which a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def _read_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _read_live(text: str) -> dict[str, LiveInput]:
    return {
        name: LiveInput(_line(one["label"]), float(one["min"]), float(one["max"]), float(one["default"]))
        for name, one in _read_object(text).items()
    }
