"""What the quality benchmark is given: recipes to train, and looks that are only measured."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limner.display import printable
from limner.errors import LimnerError, system_reason
from limner.reading import parse_json, read_regular
from limner.recipe import Recipe


@dataclass(frozen=True)
class RecipeEntry:
    """A recipe under a name."""

    name: str
    recipe: Recipe


@dataclass(frozen=True)
class LookEntry:
    """A look under a name."""

    name: str
    path: Path
    picture_set: str | None
    """The set that it learned from; None for a look that is measured on every set."""


def parse_recipe(text: str, pixels: int) -> RecipeEntry:
    """Read `NAME`, `NAME:field=value,field=value`, or the path of a recipe's JSON, which names it.

    Fields that are not given have their defaults, and `pixels`. Raises LimnerError with a sentence.
    """
    if text.endswith(".json"):
        path = Path(text)
        try:
            _check_name(path.stem, text)
            return RecipeEntry(path.stem, Recipe.from_json(read_regular(path).decode()))
        except (OSError, UnicodeDecodeError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else "it is no text"
            raise LimnerError(f"{printable(path)} cannot be read: {reason}.") from error
    name, _, fields = text.partition(":")
    values: dict[str, Any] = {"pixels": pixels}
    for field in filter(None, fields.split(",")):
        key, equals, value = field.partition("=")
        if not equals:
            raise LimnerError(f"{printable(text)} has {printable(field)!r}; write field=value.")
        values[key.strip()] = _parse_value(value.strip())
    _check_name(name, text)
    return RecipeEntry(name, Recipe.from_json(json.dumps(asdict(Recipe()) | values)))


def parse_look(text: str) -> LookEntry:
    """Read `NAME=LOOK` or `NAME@SET=LOOK`. Raises LimnerError with a sentence."""
    label, equals, path = text.partition("=")
    name, at, picture_set = label.partition("@")
    if not equals or not path or (at and not picture_set):
        raise LimnerError(f"{printable(text)} is no look with a name; write NAME=LOOK or NAME@SET=LOOK.")
    _check_name(name, text)
    return LookEntry(name, Path(path), picture_set or None)


def _check_name(name: str, text: str) -> None:
    if not name or not all(letter.isalnum() or letter in "-_." for letter in name):
        raise LimnerError(
            f"{printable(text)} has no name that a file can have: begin it with letters, digits, - or _."
        )


def _parse_value(text: str) -> Any:
    """A number or a truth value as in JSON, or else the text."""
    try:
        return parse_json(text)
    except ValueError:
        return text
