"""The table of what a visitor of each of the lab's tabs fetches."""

from __future__ import annotations

import pytest

from lab_sizes import is_engine, table_of, with_table


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("training-B-b7Krx.js", True),
        ("webgl2-backend-CUoaQRx.js", True),
        ("training-card-mjL4v5x.js", False),
        ("painter-Dc9zz2.css", False),
        ("index.html", False),
    ],
)
def test_the_engine_is_told_from_the_lab(name: str, expected: bool) -> None:
    assert is_engine(name) is expected


def test_a_row_for_each_tab_and_one_for_all() -> None:
    files = {
        "index.html": 1000,
        "tab-abcdefg.js": 2345,
        "training-card-abcdefg.js": 100,
        "training-a-c_efg.js": 9000,
    }
    table = table_of({"Line": files, "Digits": {"index.html": 1000}})
    assert table.splitlines()[2:] == [
        "| Line | 3.4 | 9.0 |",
        "| Digits | 1.0 | 0.0 |",
        "| all of them, one after the other | 3.4 | 9.0 |",
    ]
    document = f"Before.\n\n{table_of({})}| Old | 1 | 2 |\n\nAfter.\n"
    assert with_table(document, table) == f"Before.\n\n{table}\nAfter.\n"


def test_a_document_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no table"):
        with_table("Nothing.\n", table_of({}))
