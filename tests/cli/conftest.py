"""A place to run commands in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, which is the current one, and a minimal page."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("page")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr("limner.page.publish.WEB", web)
    return work
