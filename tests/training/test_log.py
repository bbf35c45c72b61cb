"""The log consists of whole lines, and can be truncated to the step of a checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from helpers.strangers import NESTED_JSON
from limner.errors import LimnerError
from limner.training.log import EpochRecord, RunLog
from limner.training.state import LOSSES

RECORD = EpochRecord(
    step=10,
    epoch=1,
    **dict.fromkeys(LOSSES, 0.6),
    held_out_l1=None,
    pictures_per_second=12.0,
    seconds=50.0,
    time="2026-01-01T00:00:00+00:00",
)


def test_records_after_a_step_are_dropped(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    records = [replace(RECORD, step=step, held_out_l1=step / 100) for step in (10, 20, 30)]
    for record in records:
        log.append(record)
    assert log.records() == records
    log.truncate_after(25)
    assert log.records() == records[:2]
    log.append(records[2])
    assert log.records() == records


def test_a_line_that_was_cut_off_is_skipped_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = RunLog(path)
    log.append(RECORD)
    whole = path.read_text()
    path.write_text(whole + whole[:30])
    assert log.records() == [RECORD]
    log.truncate_after(10)
    assert path.read_text() == whole


def test_a_line_that_is_no_text_is_skipped(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    (tmp_path / "log.jsonl").write_bytes(b"\xff\xfe\n")
    log.append(RECORD)
    assert log.records() == [RECORD]


@pytest.mark.parametrize("value", NESTED_JSON)
def test_a_line_that_is_nested_too_deeply_is_skipped(tmp_path: Path, value: str) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    line = json.dumps(asdict(RECORD) | {"time": 0}).replace('"time": 0', f'"time": {value}')
    (tmp_path / "log.jsonl").write_text(f"{line}\n")
    log.append(RECORD)
    assert log.records() == [RECORD]


def test_a_missing_log_is_an_empty_log(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    log.truncate_after(5)
    assert log.records() == []
    assert not (tmp_path / "log.jsonl").exists()


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=r"log\.jsonl cannot be written"):
        RunLog(tmp_path / "absent" / "log.jsonl").append(RECORD)
