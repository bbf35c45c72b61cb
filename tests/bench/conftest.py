"""Fixtures of the benchmarks' tests: a small network, and examples of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.bench.everywhere.examples import Examples, draw_examples
from limner.bench.everywhere.models import Model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model("fake", tmp_path / "fake.onnx", "0" * 64, "x", (1, 1, 4, 4), "y")


@pytest.fixture
def examples(model: Model, tmp_path: Path) -> Examples:
    return draw_examples(model, tmp_path / "examples.bin")
