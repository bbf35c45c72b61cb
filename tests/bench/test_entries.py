"""Contestants as they are typed: recipes by name and fields or as files, looks by name and set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from limner.bench.entries import LookEntry, parse_look, parse_recipe
from limner.errors import LimnerError
from limner.recipe import Recipe


def test_recipes(tmp_path: Path) -> None:
    assert parse_recipe("now", 128).recipe == Recipe(pixels=128)
    entry = parse_recipe("wide:discriminator=32,guide=edges,flip=false,l1=10", 64)
    changed = replace(Recipe(pixels=64), discriminator=32, guide="edges", flip=False, l1=10)
    assert (entry.name, entry.recipe) == ("wide", changed)
    path = tmp_path / "mine.json"
    path.write_text(changed.to_json())
    assert (parse_recipe(str(path), 256).name, parse_recipe(str(path), 256).recipe) == ("mine", changed)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wide:discriminator", "write field=value"),
        ("wide:width=3", "which this version of limner does not know"),
        ("wide:discriminator=many", "not a int"),
        ("a/b", "no name that a file can have"),
        ("missing.json", "missing.json cannot be read"),
    ],
)
def test_what_is_no_recipe_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(LimnerError, match=sentence):
        parse_recipe(text, 64)


def test_looks() -> None:
    assert parse_look("before=a=b.onnx") == LookEntry("before", Path("a=b.onnx"), None)
    assert parse_look("before@sea=x/a.onnx") == LookEntry("before", Path("x/a.onnx"), "sea")


@pytest.mark.parametrize("text", ["a.onnx", "=a.onnx", "before=", "before@=a.onnx"])
def test_what_is_no_named_look_is_refused(text: str) -> None:
    with pytest.raises(LimnerError, match=r"NAME=LOOK|no name"):
        parse_look(text)
