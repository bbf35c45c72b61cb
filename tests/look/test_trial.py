"""A look's trial painting shows its range and its size."""

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from helpers.strangers import STRANGERS, enlarging, network, times_two_hundred
from limner.errors import LimnerError
from limner.look.look import read_look
from limner.look.trial import Trial, try_look


def trial(content: bytes) -> Trial:
    return try_look(read_look(content, Path("bad\x1bname.onnx")))


def test_the_trial_of_a_look_has_its_size_and_range() -> None:
    found = trial(STRANGERS["own"].content)
    found.check_size()
    assert found.range_warning() is None
    assert found.output.std() > 0.01, "the trial picture shows the look's style"


def test_values_of_0_to_255_are_warned_of() -> None:
    warning = trial(times_two_hundred()).range_warning()
    assert warning is not None
    assert warning.startswith("bad\ufffdname.onnx seems to work in 0..255")


def test_values_of_minus_1_to_1_are_warned_of() -> None:
    nodes = [helper.make_node("Sub", ["x", "half"], ["a"]), helper.make_node("Mul", ["a", "two"], ["y"])]
    warning = trial(
        network(nodes, constants={"half": np.float32(0.5), "two": np.float32(2)})
    ).range_warning()
    assert warning is not None
    assert "seems to work in -1..1" in warning


def test_an_output_without_numbers_is_warned_of() -> None:
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Log", ["a"], ["y"])]
    warning = trial(network(nodes)).range_warning()
    assert warning is not None
    assert "most of its values are NaN or infinite" in warning


def test_a_few_values_below_0_or_without_a_number_are_not_warned_of() -> None:
    found = trial(STRANGERS["bare"].content)
    for value in (-0.05, np.nan):
        output = found.output.copy()
        output[:, 0] = value  # a third of the values
        assert Trial(found.look, output).range_warning() is None


def test_a_few_values_beyond_1_are_not_warned_of() -> None:
    found = trial(STRANGERS["bare"].content)
    output = found.output.copy()
    output[:, 0] = np.float32(9)  # a third of the values
    assert Trial(found.look, output).range_warning() is None


@pytest.mark.parametrize("painted", [(64, 64), ("h", "w")])
def test_another_size_is_refused(painted: tuple[int | str, int | str]) -> None:
    with pytest.raises(LimnerError, match=r"makes 1 x 3 x 64 x 64, and a look keeps the size\.$"):
        trial(enlarging(painted)).check_size()
