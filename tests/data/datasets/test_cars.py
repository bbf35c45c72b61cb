"""The table of cars: gaps are told from damage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limner.data.datasets.cars import read_rows

ROW = {
    "Name": "limousine",
    "Miles_per_Gallon": None,
    "Cylinders": 8,
    "Displacement": 300,
    "Horsepower": None,
    "Weight_in_lbs": 3000,
    "Acceleration": 11.5,
    "Year": "1970-01-01",
    "Origin": "USA",
}


def test_gaps_are_allowed() -> None:
    assert read_rows(json.dumps([ROW, ROW]).encode(), 2) == [ROW, ROW]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([ROW], "no list of 2 rows"),
        ({"rows": 2}, "no list of 2 rows"),
        ([ROW, 5], "row 2 lacks a column"),
        ([ROW, {**ROW, "Horsepower": "130"}], "row 2 lacks a column, or has text for a number"),
        ([ROW, {**ROW, "Horsepower": True}], "row 2 lacks a column, or has text for a number"),
        ([ROW, {**ROW, "Horsepower": float("inf")}], "row 2 lacks a column, or has text for a number"),
        ([ROW, {key: value for key, value in ROW.items() if key != "Horsepower"}], "row 2 lacks a column"),
        ([ROW, {**ROW, "Name": None}], "row 2 lacks a text"),
        ([ROW, {**ROW, "Year": "MCM"}], "row 2 has no year"),
    ],
)
def test_damage_is_told(table: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_rows(json.dumps(table).encode(), 2)
