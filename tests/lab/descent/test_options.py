"""Settings of races: names, numbers, and the command that repeats a race."""

from __future__ import annotations

from typing import get_args

import pytest

from limner.errors import LimnerError
from limner.lab.descent.options import (
    DescentSettings,
    check_settings,
    parse_racers,
    parse_rates,
    parse_start,
    parse_surface,
)
from limner.lab.descent.racers import RACERS, USUAL_RACERS, RacerName, round_to_two_digits


def test_there_is_a_racer_of_every_name() -> None:
    assert tuple(RACERS) == get_args(RacerName)
    assert set(USUAL_RACERS) < set(RACERS)


def test_racers_come_in_the_page_s_order_and_once() -> None:
    assert parse_racers("lion.adam.batch.adam") == ("batch", "adam", "lion")


def test_a_start_is_two_numbers() -> None:
    assert parse_start("-0.5,1e-3") == (-0.5, 0.001)


def test_rates_are_for_all_and_for_one() -> None:
    who = parse_racers("batch.adam.lion")
    assert parse_rates([], who) == {}
    assert parse_rates(["adam=0.3"], who) == {"adam": 0.3}
    assert parse_rates(["lion=0.1", "0.01"], who) == {"batch": 0.01, "adam": 0.01, "lion": 0.1}


def test_a_set_rate_takes_the_place_of_the_usual_one() -> None:
    settings = DescentSettings(rates={"adam": 0.7})
    assert settings.rate_of("adam") == 0.7
    assert settings.rate_of("lion") == 0.03
    assert DescentSettings(k=100.0).rate_of("batch") == 0.018
    assert DescentSettings(k=2.0).rate_of("batch") == DescentSettings(k=4.0).rate_of("batch") == 0.45


def test_halves_are_rounded_up_as_the_page_does() -> None:
    assert round_to_two_digits(0.125) == 0.13
    assert round_to_two_digits(0.0124) == 0.012


def test_the_command_says_what_is_not_as_usual() -> None:
    assert DescentSettings().command_line() == "limner lab descent --on ravine"
    settings = DescentSettings(
        on="beale",
        who=("batch", "adam"),
        m=0.5,
        start=(-1.0, 0.25),
        steps=20,
        seed=7,
        rates={"adam": 1e-4},
    )
    assert settings.command_line() == (
        "limner lab descent --on beale --who batch.adam --m 0.5 --steps 20 --seed 7 --start=-1,0.25 "
        "--lr adam=0.0001"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"k": 0.5}, "--k is 0.5, but has to be from 1 to 1,000,000"),
        ({"k": float("nan")}, "--k is nan"),
        ({"m": 1.0}, "--m is 1.0, but has to be from 0 to below 1"),
        ({"batch": 0}, "--batch is 0, but has to be from 1 to 1,000,000"),
        ({"batch": 10**400}, "has to be from 1 to 1,000,000"),
        ({"noise": float("inf")}, "--noise is inf"),
        ({"steps": 0}, "--steps is 0, but has to be from 1 to 10,000"),
        ({"steps": 10_001}, "--steps is 10001"),
        ({"seed": -1}, "--seed is -1, but has to be from 0 to 16,777,215"),
    ],
)
def test_numbers_out_of_range_get_a_sentence(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(LimnerError) as error:
        check_settings(DescentSettings(**change))  # type: ignore[arg-type]
    assert sentence in str(error.value)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "1,", "nan,0", "inf,0", "1_0,2", "0.5_1"])
def test_what_is_no_start_gets_a_sentence(text: str) -> None:
    with pytest.raises(LimnerError, match="has to be two numbers with a comma between, such as"):
        parse_start(text)


@pytest.mark.parametrize("text", ["0", "-1", "fast", "adam=", "adam=0", "nan", "=", "1_0"])
def test_what_is_no_rate_gets_a_sentence(text: str) -> None:
    with pytest.raises(LimnerError, match="takes a rate above 0 for all who race, such as"):
        parse_rates([text], USUAL_RACERS)


def test_names_that_there_are_not_get_the_choices() -> None:
    with pytest.raises(LimnerError, match=r"no --on beal\. Did you mean beale\? Choose from: ravine"):
        parse_surface("beal")
    with pytest.raises(LimnerError, match=r"no --on mnist: the plane .* `limner lab`"):
        parse_surface("mnist")
    with pytest.raises(LimnerError, match=r"no --who adamm\. Did you mean adam\?"):
        parse_racers("batch.adamm")
    with pytest.raises(LimnerError, match=r"--who names nobody\. Name some of batch, mini"):
        parse_racers("")
    with pytest.raises(LimnerError, match=r"no --lr adm\. Did you mean adam\?"):
        parse_rates(["adm=0.1"], USUAL_RACERS)
    with pytest.raises(LimnerError, match="a rate for lion, who does not race: add it to --who"):
        parse_rates(["lion=0.1"], USUAL_RACERS)
