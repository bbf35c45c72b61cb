"""A look's metadata: the strings stored beside its graph, listed in docs/design.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onnx import ModelProto, StringStringEntryProto

from limner.display import printable
from limner.errors import LimnerError
from limner.live import LiveInput
from limner.reading import parse_json

FORMAT = "1"

PRODUCER = "limner"
"""The producer's name in the models that limner writes."""

LINES = ("name", "author", "credit", "licence")
"""Text for people: one line each, empty where not given."""

KEYS = ("format", *LINES, "pixels", "size", "guide", "live", "recipe", "figures")
"""All keys but `STATE`, `FILTERS` and `PREDICTOR`, in the order in which they are written."""

PREDICTOR = "predictor"
"""The key that only looks for any style have."""

STATE = "state"
"""The key that only looks with memory have. Another program's network may have it too."""

FILTERS = "filters"
"""The key of looks that have filters."""

FILTER_DOMAIN = "limner.filters"
"""The domain of the functions of the file that are filters; each has its filter's name."""

STATE_FAULT = (
    'has state that is no JSON object of inputs and outputs, such as {"last": "painting"}: '
    "correct its metadata limner.state"
)

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class FilterState:
    """A tensor that a filter keeps from picture to picture."""

    next: str
    """The value of the look, or output of the filter, that it is in the next run."""
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Filter:
    """What a look can do to its pictures beside painting them (`limner.look.filters`)."""

    live: LiveInput
    """Its live input, which has the filter's name. At the default the filter does nothing."""
    is_switch: bool = False
    """Whether it is either on or off."""
    state: Mapping[str, FilterState] = field(default_factory=dict)
    """What it keeps, by its inputs; zeros before the first run."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A look's name, its origin and how it was made; empty for an ONNX file that is not ours."""

    name: str = ""
    author: str = ""
    credit: str = ""
    licence: str = ""
    pixels: int
    """Side of the painting."""
    size: str = ""
    """The generator's, or the kind of a look that has none of ours: keyframe, dream, any style."""
    guide: str = ""
    live: Mapping[str, LiveInput] = field(default_factory=dict)
    """The live inputs, in the order of the graph's inputs."""
    state: Mapping[str, str] = field(default_factory=dict)
    """What stays from picture to picture: inputs, and the outputs that they get (`limner.look.state`)."""
    predictor: str = ""
    """The file beside the look, in a page, that makes its style of a painting (`limner.look.any_style`)."""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    """By name, in the order in which they are applied."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Parameters, multiply-adds, bytes, parity and compression."""


def write_metadata(model: ModelProto, metadata: Metadata) -> None:
    """Replace the model's metadata. The same metadata gives the same bytes."""
    live = {name: _describe_live(live_input) for name, live_input in metadata.live.items()}
    values = {
        "format": FORMAT,
        **{key: _clean_line(getattr(metadata, key)) for key in LINES},
        "pixels": str(metadata.pixels),
        "size": metadata.size,
        "guide": metadata.guide,
        "live": json.dumps(live),
        "recipe": json.dumps(dict(metadata.recipe)),
        "figures": json.dumps(dict(metadata.figures)),
    }
    if metadata.state:
        values[STATE] = json.dumps(dict(metadata.state))
    if metadata.predictor:
        values[PREDICTOR] = _clean_line(metadata.predictor)
    if metadata.filters:
        filters = {name: _describe_filter(one) for name, one in metadata.filters.items()}
        values[FILTERS] = json.dumps(filters)
    del model.metadata_props[:]
    model.metadata_props.extend(
        StringStringEntryProto(key=f"limner.{key}", value=value) for key, value in values.items()
    )


def _describe_live(live: LiveInput) -> dict[str, Any]:
    return {"label": live.label, "min": live.minimum, "max": live.maximum, "default": live.default}


def _describe_filter(one: Filter) -> dict[str, Any]:
    state = {name: {"next": kept.next, "shape": list(kept.shape)} for name, kept in one.state.items()}
    # What is not said is false or empty: a look is small.
    options: dict[str, Any] = {"switch": one.is_switch, "state": state}
    return {**_describe_live(one.live), **{key: value for key, value in options.items() if value}}


def is_limner_model(model: ModelProto) -> bool:
    """Whether limner wrote this model, be its metadata whole or not."""
    keys = [_text(p.key) for p in model.metadata_props]
    return model.producer_name == PRODUCER or any(
        key.startswith("limner.") and key != f"limner.{STATE}" for key in keys
    )


def has_state(model: ModelProto) -> bool:
    """Whether the file says that the look has memory."""
    return any(p.key == f"limner.{STATE}" for p in model.metadata_props)


def read_state_names(model: ModelProto) -> dict[str, str]:
    """`Metadata.state`, of any model. Raises LimnerError as `read_metadata` does."""
    for entry in model.metadata_props:
        if entry.key == f"limner.{STATE}":
            try:
                names = _read_object(entry.value)
            except (ValueError, TypeError) as error:
                raise LimnerError(STATE_FAULT) from error
            if not all(isinstance(output, str) for output in names.values()):
                raise LimnerError(STATE_FAULT)
            return names
    return {}


def read_metadata(model: ModelProto) -> Metadata | None:
    """A limner look's metadata, or None where the file is another program's.

    Raises LimnerError where a key is missing or a value is wrong; its sentence continues after the file's
    name.
    """
    entries = {_text(p.key): _text(p.value) for p in model.metadata_props}
    values = {
        key.removeprefix("limner."): value for key, value in entries.items() if key.startswith("limner.")
    }
    if not is_limner_model(model):
        return None
    if "training" in values:
        raise LimnerError("is a training step of `limner train-step`, which paints nothing: give the look")
    if missing := [key for key in KEYS if key not in values]:
        raise LimnerError(f"is cut off: its metadata lacks {', '.join(missing)}")
    if values["format"] != FORMAT:
        raise LimnerError(
            f"has format {values['format'][:20]!r}, which this version of limner does not know: "
            "install a newer one"
        )
    try:
        metadata = Metadata(
            **{key: _clean_line(values[key]) for key in LINES},
            pixels=int(values["pixels"]),
            size=_clean_line(values["size"]),
            guide=_clean_line(values["guide"]),
            live=_read_live(values["live"]),
            recipe=_read_object(values["recipe"]),
            figures=_read_object(values["figures"]),
            state=read_state_names(model),
            predictor=_clean_line(values.get(PREDICTOR, "")),
            filters=_read_filters(values.get(FILTERS, "{}")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LimnerError("has damaged metadata: export it again") from error
    functions = {function.name for function in model.functions if function.domain == FILTER_DOMAIN}
    if missing := [name for name in metadata.filters if name not in functions]:
        raise LimnerError(f"is cut off: it lacks its filters {', '.join(map(printable, missing))}")
    return metadata


def _text(value: str | bytes) -> str:
    """A string of a file, which may be damaged: protobuf gives bytes where they are not UTF-8."""
    return value if isinstance(value, str) else value.decode(errors="replace")


def _clean_line(text: str) -> str:
    """One line, without the control characters that a terminal would obey.

    Odd bytes of the command line become U+FFFD, since protobuf takes only valid Unicode.
    """
    valid = _SURROGATE.sub("\ufffd", text)
    return "".join(letter if letter.isprintable() else " " for letter in valid).strip()


def _read_object(text: str) -> dict[str, Any]:
    value = parse_json(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _read_live(text: str) -> dict[str, LiveInput]:
    return {name: _read_live_input(entry) for name, entry in _read_object(text).items()}


def _read_live_input(entry: Mapping[str, Any]) -> LiveInput:
    return LiveInput(
        _clean_line(entry["label"]), float(entry["min"]), float(entry["max"]), float(entry["default"])
    )


def _read_filters(text: str) -> dict[str, Filter]:
    return {
        name: Filter(
            _read_live_input(entry),
            bool(entry.get("switch")),
            {
                kept: FilterState(str(state["next"]), tuple(int(side) for side in state["shape"]))
                for kept, state in entry.get("state", {}).items()
            },
        )
        for name, entry in _read_object(text).items()
    }
