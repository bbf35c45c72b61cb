"""Benchmarks of training measure what they say, and their files say where figures come from."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image

from helpers.stores import TINY, store
from limner.bench.baseline import BaselineTrainer
from limner.bench.discriminator import bench_discriminator
from limner.bench.training import bench_training, write_training
from limner.errors import LimnerError
from limner.evaluation.sliced_wasserstein import laplacian_pyramid, sliced_wasserstein

CPU = torch.device("cpu")


def test_training_speed_is_measured_against_the_plain_step(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    results = bench_training(
        pixels=64,
        quick=True,
        sizes=("lean",),
        widths=(8, 16),
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(0, 1), (1, 1)]
    (row,) = results["settings"]
    assert (row["size"], row["discriminator"]) == ("lean", 16)
    for side in ("limner", "plain"):
        assert len(row[side]["seconds"]) == 2
        assert row[side]["slowest"] <= row[side]["pictures_per_second"] <= row[side]["fastest"]
    expected = row["limner"]["pictures_per_second"] / row["plain"]["pictures_per_second"]
    assert row["ratio"] == pytest.approx(expected)
    paths = write_training(results, tmp_path)
    assert json.loads(paths[0].read_text())["versions"]["torch"] == torch.__version__
    assert f"| lean | 16 | {row['generator_parameters']:,} + " in paths[1].read_text()


def test_the_plain_step_learns(tmp_path: Path) -> None:
    pictures = store(tmp_path)
    torch.manual_seed(0)
    plain = BaselineTrainer(sorted((pictures.folder.parent / "sources").iterdir()), TINY, CPU)
    losses = [plain.step()[0] for _ in range(12)]
    assert all(math.isfinite(loss) for loss in losses)
    assert sum(losses[-3:]) < sum(losses[:3])


def test_the_distance_is_zero_for_equals_and_grows_with_blur_and_paleness() -> None:
    photos = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert set(sliced_wasserstein(photos, photos)) == {64, 32, 16}
    assert max(sliced_wasserstein(photos, photos).values()) == 0
    pale, blurred = photos * 0.7, torch.nn.functional.avg_pool2d(photos, 3, 1, 1)
    slight = sum(sliced_wasserstein(photos * 0.9, photos).values())
    assert slight < sum(sliced_wasserstein(pale, photos).values())
    assert sliced_wasserstein(blurred, photos)[64] > 0.3


def test_a_pyramid_adds_up_to_its_picture() -> None:
    picture = torch.rand(1, 3, 64, 64)
    fine, middle, coarse = laplacian_pyramid(picture)
    grown = torch.nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear") + middle
    again = torch.nn.functional.interpolate(grown, scale_factor=2.0, mode="bilinear") + fine
    torch.testing.assert_close(again, picture)


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
    # Photos of the same kind are nearer to each other than first paintings are to them.
    assert results["photos"]["mean_distance"] < wide["equal_time"]["mean_distance"]
    assert "| 8 | equal time |" in (tmp_path / "discriminator.md").read_text()
    with Image.open(tmp_path / "discriminator.jpg") as sheet:
        assert sheet.height == 40 + 4 * 64


def test_few_held_out_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="are held out, and 8 are needed"):
        bench_discriminator(store(tmp_path), tmp_path, recipe=TINY)
