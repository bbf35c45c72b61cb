"""Comparison of storages: more bits give paintings closer to float32's."""

import io
import math

import numpy as np
from rich.console import Console

from helpers.files import scene
from helpers.looks import graph, recipe
from limner.export.storage_comparison import choose_pictures, compare_storages, rich_table
from limner.look.storage import STORAGES


def test_compares_the_four_storages_of_one_network() -> None:
    held_out = [np.asarray(scene(100, 84, seed)) for seed in range(2)]
    rows = compare_storages(graph(recipe()), STORAGES[::-1], choose_pictures(held_out, 64))
    assert [row.storage for row in rows] == ["float32", "float16", "uint16", "uint8"]
    exact, half, sixteen, eight = rows
    assert (exact.psnr, exact.difference, exact.share) == (math.inf, 0, 1)
    assert 25 < eight.psnr < half.psnr < sixteen.psnr < 120
    assert 0 < sixteen.difference < half.difference < eight.difference < 0.05
    assert 0.25 < eight.share < 0.29
    assert all(0.5 < row.share < 0.53 for row in (half, sixteen))
    assert all(row.pictures == 2 for row in rows)
    assert exact.figures()["psnr"] is None

    console = Console(file=io.StringIO(), width=100)
    console.print(rich_table(rows))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(value in printed for value in ("float32", f"{eight.psnr:.1f}", f"{eight.share:.1%}"))
