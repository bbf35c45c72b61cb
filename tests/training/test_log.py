"""The log is whole lines, and ends where the checkpoint does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from limner.errors import LimnerError
from limner.training.log import EpochRecord, RunLog

ENTRY = EpochRecord(10, 1, 0.6, 0.7, 0.9, 0.3, None, 12.0, 50.0, "2026-01-01T00:00:00+00:00")


def test_what_lies_past_a_step_is_dropped(tmp_path: Path) -> None:
    journal = RunLog(tmp_path / "log.jsonl")
    entries = [replace(ENTRY, step=step, held_out_l1=step / 100) for step in (10, 20, 30)]
    for entry in entries:
        journal.append(entry)
    assert journal.records() == entries
    journal.truncate_after(25)
    assert journal.records() == entries[:2]
    journal.append(entries[2])
    assert journal.records() == entries


def test_a_line_that_was_cut_off_is_passed_over_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    journal = RunLog(path)
    journal.append(ENTRY)
    whole = path.read_text()
    path.write_text(whole + whole[:30])
    assert journal.records() == [ENTRY]
    journal.truncate_after(10)
    assert path.read_text() == whole


def test_no_log_is_an_empty_log(tmp_path: Path) -> None:
    journal = RunLog(tmp_path / "log.jsonl")
    journal.truncate_after(5)
    assert journal.records() == []
    assert not (tmp_path / "log.jsonl").exists()


def test_a_disk_that_does_not_take_it(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match=r"log\.jsonl cannot be written"):
        RunLog(tmp_path / "absent" / "log.jsonl").append(ENTRY)
