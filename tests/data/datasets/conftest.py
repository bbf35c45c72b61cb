"""A mirror that tests of downloads share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.datasets import tiny_dataset, tiny_files
from helpers.downloads import register
from helpers.mirrors import Mirror, serve_mirror


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of the made-up set, which is in the catalog as `tiny`."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serve_mirror(tiny_files()) as mirror:
        register(monkeypatch, tiny_dataset(mirror.url))
        yield mirror
