"""Any size of a terminal, and any value of COLUMNS, gives output."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from limner.cli.main import main
from limner.cli.terminal import MIN_COLUMNS, usable_size


@pytest.mark.parametrize("value", ["0", "-3", "", "wide", "²", "1", "5"])
def test_values_that_are_no_size_or_too_small(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", value)
    monkeypatch.setenv("LINES", value)
    with usable_size():
        assert int(os.environ["COLUMNS"]) >= MIN_COLUMNS
        assert int(os.environ["LINES"]) >= 1
    assert (os.environ["COLUMNS"], os.environ["LINES"]) == (value, value)
    assert main(["describe", "lean"]) == 0
    assert "recipe: size lean" in capsys.readouterr().out


def test_a_wide_terminal_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    with usable_size():
        assert os.environ["COLUMNS"] == "132"
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((100, 30)))
    with usable_size():
        assert "COLUMNS" not in os.environ  # a terminal that is resized is followed


def test_the_help_ends_in_a_narrow_terminal() -> None:
    for width in ("1", "5"):
        done = subprocess.run(
            [sys.executable, "-m", "limner", "--help"],
            env=os.environ | {"COLUMNS": width},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert "doctor" in done.stdout
