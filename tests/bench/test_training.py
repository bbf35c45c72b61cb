"""The training benchmark: throughput compared with the baseline, and the files with their environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from limner.bench.training import bench_training, write_training


def test_throughput_is_measured_for_limner_and_the_baseline(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    results = bench_training(
        pixels=64,
        quick=True,
        sizes=("lean",),
        widths=(8, 16),
        progress=lambda done, total, _: reports.append((done, total)),
    )
    assert reports == [(0, 1), (1, 1)]
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
