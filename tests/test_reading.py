"""Damaged and deep JSON is an error that callers catch; a pipe is not waited for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from helpers.strangers import NESTED_JSON
from limner.files import atomic_write
from limner.reading import parse_json, read_json


@pytest.mark.parametrize("text", [*NESTED_JSON, f'{{"a": {NESTED_JSON[1]}}}', "{", b"\xff", ""])
def test_damaged_and_deep_json_raises_value_error(tmp_path: Path, text: str | bytes) -> None:
    atomic_write(tmp_path / "a.json", text)
    with pytest.raises(ValueError, match=r"nested too deeply|column|decode"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["1", '"a"', "[[[{}]]]", '{"a": {"b": [1]}}', "[" * 99 + "]" * 99])
def test_json_is_parsed(text: str) -> None:
    assert parse_json(text) == json.loads(text)


def test_json_is_not_read_from_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read_json(tmp_path / "pipe")
