"""The discriminator benchmark: widths compared at equal time and at equal steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from helpers.stores import TINY, store
from limner.bench.discriminator import bench_discriminator
from limner.errors import LimnerError


def test_widths_are_compared_at_equal_time_and_equal_steps(tmp_path: Path) -> None:
    pictures = store(tmp_path / "pictures", 220)
    results = bench_discriminator(pictures, tmp_path, recipe=TINY, widths=(4, 8), seconds=0.5)
    wide, narrow = results["widths"]
    assert (wide["discriminator"], narrow["discriminator"]) == (8, 4)
    assert narrow["equal_steps"]["steps"] == wide["equal_time"]["steps"]
    assert wide["equal_steps"] == wide["equal_time"]
    for row in (wide, narrow):
        assert row["equal_time"]["seconds"] >= 0.5
        assert 0 < row["equal_time"]["held_out_l1"] < 2
    # Photos of the same kind are closer to each other than the first paintings are to photos.
    assert results["photos"]["mean_distance"] < wide["equal_time"]["mean_distance"]
    assert "| 8 | equal time |" in (tmp_path / "discriminator.md").read_text()
    with Image.open(tmp_path / "discriminator.jpg") as sheet:
        assert sheet.height == 40 + 4 * 64


def test_fewer_than_eight_held_out_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="are held out, and 8 are needed"):
        bench_discriminator(store(tmp_path), tmp_path, recipe=TINY)
