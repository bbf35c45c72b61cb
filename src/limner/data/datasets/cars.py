"""The cars of 1970 to 1982, as columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.data.datasets.catalog import CATALOG
from limner.data.datasets.storage import read_stored
from limner.errors import LimnerError
from limner.reading import parse_json

FILE = "cars.json"

COLUMNS = {
    "mpg": "Miles_per_Gallon",
    "cylinders": "Cylinders",
    "displacement": "Displacement",
    "horsepower": "Horsepower",
    "weight": "Weight_in_lbs",
    "acceleration": "Acceleration",
}
"""Names of columns, and the file's names of them."""


@dataclass(frozen=True)
class Cars:
    """The cars, a row each."""

    names: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]]
    """(rows,) each, NaN where the file has a gap: `mpg` (miles per gallon; 8 gaps), `cylinders`,
    `displacement` (cubic inches), `horsepower` (6 gaps), `weight` (pounds), `acceleration` (seconds from
    0 to 60 miles an hour), `year` (1970 to 1982)."""
    origins: tuple[str, ...]
    """USA, Europe or Japan, by row."""
    note: str
    """Empty for the original."""
    sha256: str
    """Of the data: two records with the same one are of the same cars."""

    def complete(self, *columns: str) -> NDArray[np.float64]:
        """These columns, (rows, columns), of the cars that lack none of them.

        `complete("horsepower", "mpg")` has the 392 cars whose horsepower and miles per gallon are known.
        Raises LimnerError for a column that there is not.
        """
        for column in columns:
            if column not in self.columns:
                raise LimnerError(f"Cars have no column {column}; they have {', '.join(self.columns)}.")
        table = np.stack([self.columns[column] for column in columns], axis=1)
        return table[~np.isnan(table).any(axis=1)]


def load_cars(folder: Path | None = None) -> Cars:
    """The cars as `limner data cars` keeps them.

    `folder` holds all data sets; None stands for the user's (`limner.data.datasets.location`). Raises
    LimnerError with a sentence where they are not there, or damaged.
    """
    stored = read_stored("cars", folder)
    try:
        rows = read_rows(stored.read(FILE), CATALOG["cars"].counts["rows"])
    except ValueError as error:
        raise LimnerError(f"{stored.folder / FILE} is no table of cars: {error}.") from error
    columns = {name: _column(rows, key) for name, key in COLUMNS.items()}
    columns["year"] = np.array([float(row["Year"][:4]) for row in rows])
    return Cars(
        names=tuple(row["Name"] for row in rows),
        columns=columns,
        origins=tuple(row["Origin"] for row in rows),
        note=stored.about.note,
        sha256=stored.about.sha256,
    )


def read_rows(content: bytes, count: int) -> list[dict[str, Any]]:
    """The rows of the file. Raises ValueError where it is no list of `count` cars with all columns."""
    rows = parse_json(content)
    if not isinstance(rows, list) or len(rows) != count:
        raise ValueError(f"it is no list of {count} rows")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not all(_is_known(row, key) for key in COLUMNS.values()):
            raise ValueError(f"row {number} lacks a column, or has text for a number")
        if not all(isinstance(row.get(key), str) for key in ("Name", "Year", "Origin")):
            raise ValueError(f"row {number} lacks a text")
        if not row["Year"][:4].isdecimal():
            raise ValueError(f"row {number} has no year")
    return rows


def _is_known(row: dict[str, Any], key: str) -> bool:
    value = row.get(key, "")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and math.isfinite(value))


def _column(rows: list[dict[str, Any]], key: str) -> NDArray[np.float64]:
    return np.array([math.nan if row[key] is None else row[key] for row in rows], np.float64)
