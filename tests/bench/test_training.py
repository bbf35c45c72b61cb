"""The training benchmark: throughput compared with the baseline, and the files with their environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from limner.bench import training
from limner.bench.baseline import PlainTrainer
from limner.bench.training import bench_training, write_training


def test_throughput_is_measured_for_limner_and_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PublishedTrainer", PlainTrainer)
    monkeypatch.setattr(training, "QUICK_SECONDS", 0.2)
    reports: list[tuple[int, int]] = []
    results = bench_training(
        pixels=64,
        quick=True,
        sizes=("lean",),
        widths=(8, 16),
        progress=lambda done, total, _: reports.append((done, total)),
    )
    assert reports == [(0, 3), (1, 3), (2, 3), (3, 3)]
    (row,) = results["settings"]
    assert (row["size"], row["discriminator"]) == ("lean", 16)
    for side in ("limner", "plain"):
        assert len(row[side]["seconds"]) == 2
        assert row[side]["slowest"] <= row[side]["pictures_per_second"] <= row[side]["fastest"]
    expected = row["limner"]["pictures_per_second"] / row["plain"]["pictures_per_second"]
    assert row["ratio"] == pytest.approx(expected)
    assert results["published"]["size"] == "full"
    default = results["default"]
    shares = default["shares"]
    networks = [shares[name] for name in ("generator", "discriminator", "features")]
    assert set(shares) >= {"data", "optimizer", "other"}
    assert sum(shares.values()) == pytest.approx(1, abs=0.02)
    # At 64 pixels full costs many times what the other two cost.
    assert min(networks) > 0.02 and sum(networks) > 0.4
    assert default["seconds"] >= 0.2
    assert default["extrapolated"]["seconds"] == pytest.approx(200_000 / default["pictures_per_second"])
    paths = write_training(results, tmp_path)
    assert json.loads(paths[0].read_text())["versions"]["torch"] == torch.__version__
    assert f"| lean | 16 | {row['generator_parameters']:,} + " in paths[1].read_text()
    assert "against pix2pix as published" in paths[1].read_text()
    assert "Extrapolated, not measured: 1,000 pictures times 200 epochs" in paths[1].read_text()
