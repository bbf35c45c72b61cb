"""Results of a benchmark are known as limner's, be they recorded before they had a mark."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.strangers import NESTED_JSON
from limner.bench.results import FIELDS, FILES, Benchmark, is_result, write_results

RECORDED = Path(__file__).parents[2] / "docs" / "benchmarks"


@pytest.mark.parametrize("benchmark", FILES)
def test_results_are_known(benchmark: Benchmark, tmp_path: Path) -> None:
    path = write_results({"benchmark": benchmark}, tmp_path, benchmark)
    assert path == tmp_path / f"{benchmark}.json"
    assert [each for each in FILES if is_result(path, each)] == [benchmark]


@pytest.mark.parametrize("benchmark", FIELDS)
def test_recorded_results_are_known(benchmark: Benchmark) -> None:
    assert is_result(RECORDED / f"{benchmark}.json", benchmark)


@pytest.mark.parametrize(
    "text",
    [
        '{"benchmark": "training"}',
        '{"benchmark": "training", "machine": "gym", "settings": []}',
        '{"limner.benchmark": 1, "benchmark": "browser"}',
        *("[]", "{", *NESTED_JSON),
    ],
)
def test_other_files_are_no_results(text: str, tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text(text)
    assert not is_result(tmp_path / "training.json", "training")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "training.json")
    assert not is_result(tmp_path / "training.json", "training")
