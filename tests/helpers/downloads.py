"""Downloads of a made-up set from a local mirror, and what must be there after them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.datasets import tiny_contents
from limner.data.datasets.catalog import CATALOG, Dataset
from limner.data.datasets.fetch import fetch
from limner.data.datasets.idx import read_idx
from limner.data.datasets.labelled import load_labelled
from limner.data.datasets.transfer import Patience

PATIENCE = Patience(tries=2, pause=0.01)

FIRST = "train-images.gz"
"""The file that is fetched first, and the only one that is not small."""

FLIPPED = gzip.compress(tiny_contents()["train-images"][:-1] + b"\0", mtime=0)
"""The first file with another last byte."""


def register(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    """Put a set into the catalog."""
    monkeypatch.setitem(CATALOG, dataset.name, dataset)


def get(folder: Path, patience: Patience = PATIENCE, **options: Any) -> None:
    """Fetch the made-up set."""
    fetch("tiny", folder=folder, patience=patience, **options)


def check_whole(folder: Path) -> None:
    """The set is stored, has the right arrays, and nothing else is left."""
    images = load_labelled("tiny", folder)  # type: ignore[arg-type]
    for split, part in (("train", images.train), ("test", images.test)):
        expected = {key: read_idx(tiny_contents()[f"{split}-{key}"]) for key in ("images", "labels")}
        assert np.array_equal(part.images[:, 0], expected["images"])
        assert np.array_equal(part.labels, expected["labels"])
    assert [path.name for path in folder.iterdir()] == ["tiny"]
