"""Names and settings: the lists agree with what there is, and what cannot be used gets a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.lab import make_settings
from limner.errors import LimnerError
from limner.lab.options import CLASSIFIER_NAMES, REGRESSION_NAMES, check_settings, default_rate
from limner.networks.classifiers.catalog import CLASSIFIERS, REGRESSIONS


def test_names_are_those_of_the_catalog() -> None:
    assert tuple(CLASSIFIERS) == CLASSIFIER_NAMES
    assert tuple(REGRESSIONS) == REGRESSION_NAMES


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"net": "lenett"}, "no --net lenett. Did you mean lenet? Choose from: perceptron, codelab, lenet"),
        ({"net": "curve"}, "limner lab digits has no --net curve"),
        ({"optimizer": "adamm"}, "no --optimizer adamm. Did you mean adam? Choose from: sgd, momentum"),
        ({"schedule": "warm"}, "no --schedule warm. Choose from: constant, step"),
        ({"precision": "float16"}, "no --precision float16. Did you mean bfloat16? Choose from: float32"),
        ({"lr": 0.0}, "--lr is 0.0, but has to be above 0"),
        ({"lr": float("nan")}, "--lr is nan"),
        ({"batch": 1}, "--batch is 1, but has to be a whole number of 2 or more"),
        ({"epochs": 0}, "--epochs is 0"),
        ({"weight_decay": -0.1}, "--weight-decay is -0.1"),
        ({"label_smoothing": 1.0}, "--label-smoothing is 1.0"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LimnerError) as error:
        check_settings(make_settings(**change))
    assert sentence in str(error.value)


def test_cars_take_their_own_networks() -> None:
    assert check_settings(make_settings("cars", net="line")).net == "line"
    with pytest.raises(LimnerError, match="Choose from: line, curve"):
        check_settings(make_settings("cars", net="lenet"))


def test_an_unknown_optimizer_has_no_rate() -> None:
    assert default_rate("adadelta") == 1.0
    with pytest.raises(LimnerError, match="no --optimizer magic"):
        default_rate("magic")


def test_settings_without_a_precision_are_those_of_float32() -> None:
    earlier = make_settings().to_json()
    del earlier["precision"]
    assert make_settings().differences(earlier) == []
    assert make_settings(precision="bfloat16").differences(earlier) == ["precision"]
