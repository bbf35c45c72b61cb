"""Accuracy on a task: every runtime classifies the same test pictures before it is timed, as MLPerf asks.

A classifier of `limner lab` names what it has learned. The test pictures come from the user's data folder
(`limner data`), or are drawn for a network that has learned drawn digits.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from limner.bench.everywhere.examples import Array
from limner.bench.everywhere.models import Model
from limner.data.datasets.catalog import CATALOG
from limner.data.datasets.drawn_digits import draw_digits
from limner.data.datasets.labelled import Split
from limner.data.datasets.storage import find_stored
from limner.errors import LimnerError
from limner.lab.sources import DATA_SETS, DRAWN_SEEDS, DRAWN_TITLE

LAB = "limner.lab"
"""The metadata that classifiers of `limner lab` have."""


@dataclass(frozen=True)
class AccuracySet:
    """Test pictures with their classes."""

    title: str
    """The data set's, such as `MNIST`."""
    path: Path
    """The pictures as float32 (n, C, H, W), in the range that the network takes."""
    sha256: str
    """Of the file."""
    labels: NDArray[np.int64]
    """(n,): the index of each picture's class."""

    def score(self, outputs: Array) -> float:
        """The part of the pictures, in 0..1, whose largest score is that of their class.

        `outputs` are the scores (n * classes,). A picture with a score that is no number counts as wrong.
        """
        scores = outputs.reshape(len(self.labels), -1)
        is_right = np.isfinite(scores).all(axis=1) & (scores.argmax(axis=1) == self.labels)
        return float(is_right.mean())


def write_accuracy_set(model: Model, count: int, path: Path) -> AccuracySet | None:
    """Write `count` test pictures of the data set that the network has learned into `path`.

    None where it names no data set of pictures. Raises LimnerError with a sentence where the set is not on
    this machine, or damaged, or has pictures of another size.
    """
    about = _read_about(model.path)
    if model.is_training or str(about.get("task")) not in DATA_SETS:
        return None
    title, split = _read_test_split(about, count)
    # Of a whole set, pictures from all its parts: MNIST's second half is of other writers.
    count = min(count, len(split.labels))
    chosen = np.arange(count) * len(split.labels) // count
    images, labels = split.images[chosen], split.labels[chosen]
    if images.shape[1:] != model.shape[1:]:
        sizes = [" x ".join(map(str, shape)) for shape in (images.shape[1:], model.shape[1:])]
        raise LimnerError(f"The pictures of {title} are {sizes[0]}, and the network's {sizes[1]}.")
    pictures = images.astype("<f4")
    if about["range"] == "0..1":
        pictures /= np.float32(255)
    content = pictures.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return AccuracySet(title, path, hashlib.sha256(content).hexdigest(), labels)


def _read_about(path: Path) -> dict[str, Any]:
    """What `limner lab` wrote of the network; empty where another program wrote the file, or if damaged."""
    texts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    try:
        about = json.loads(texts.get(LAB, "{}"))
    except ValueError:
        return {}
    return about if isinstance(about, dict) and {"task", "data", "range"} <= about.keys() else {}


def _read_test_split(about: dict[str, Any], count: int) -> tuple[str, Split]:
    """The title of the data set, and its test pictures."""
    if about["data"] == DRAWN_TITLE:
        _, seed = DRAWN_SEEDS
        return DRAWN_TITLE, Split(*draw_digits(count, seed))
    name = DATA_SETS[about["task"]]
    if not str(about["data"]).startswith(CATALOG[name].title):
        raise LimnerError(
            f"The network has learned from {about['data']!r}, of which there are no test pictures."
        )
    stored = find_stored(name)
    if stored is None:
        raise LimnerError(f"{CATALOG[name].title} is not on this machine: `limner data {name}` fetches it.")
    labels = stored.array("test-labels").astype(np.int64)
    return stored.about.title, Split(stored.array("test-images"), labels)
