"""Recipes refuse invalid values with a sentence, and survive a round trip through JSON."""

from __future__ import annotations

import math
from typing import Any

import pytest

from limner.errors import LimnerError
from limner.recipe import Recipe


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("size", "huge", "choose one of full, lean, small, medium, large"),
        ("guide", "depth", "choose one of soft, edges, colour"),
        ("pixels", 100, "choose a power of two from 64 to 512"),
        ("batch", 1, "batch norm needs at least 2 pictures"),
        ("discriminator", 2, "choose a width from 4 to 256"),
        ("learning_rate", 0.0, "choose a value from 1e-07 to 1"),
        ("beta1", 1.0, "choose a value from 0 to 0.999"),
        ("l1", math.nan, "choose a value from 0 to 10000"),
        ("scale", 1.31, "choose a value from 1 to 1.3"),
        ("dropout", -0.1, "choose a value from 0 to 0.9"),
        ("dropout", 0.3, "which full has not"),
        ("light", -1.0, "choose a value from 0"),
    ],
)
def test_invalid_values_are_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(LimnerError, match=f"^{field} is .*{message}"):
        Recipe(**{field: value})


def test_json_round_trip() -> None:
    recipe = Recipe(size="small", pixels=512, l1=12.5, flip=False, seed=-7)
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 200_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"colour": 1}', "has colour, which this version of limner does not know"),
        ('{"batch": "4"}', "batch is '4', not a int"),
        ('{"batch": true}', "batch is True, not a int"),
        ('{"pixels": 60}', "choose a power of two"),
    ],
)
def test_invalid_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(LimnerError, match=message):
        Recipe.from_json(text)


def test_names_the_differences() -> None:
    assert Recipe().differences(Recipe()) == []
    assert Recipe(batch=8, l1=10.0).differences(Recipe()) == ["batch (8, not 4)", "l1 (10.0, not 4.0)"]


def test_a_colour_guide_has_three_channels() -> None:
    assert [Recipe(guide=name).guide_channels for name in ("soft", "edges", "colour")] == [1, 1, 3]


def test_only_the_soft_guide_has_scenes() -> None:
    with pytest.raises(LimnerError, match="guide is edges, which has no scenes"):
        Recipe(guide="edges", light=5.0)
    assert Recipe(guide="edges", light=0.0).light == 0
