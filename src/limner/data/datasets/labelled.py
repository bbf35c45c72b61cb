"""Pictures with a class each: MNIST, CIFAR-10, Fashion-MNIST, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limner.data.datasets.catalog import LabelledName
from limner.data.datasets.storage import read_stored


@dataclass(frozen=True)
class Split:
    """The training or the test pictures of a set. Both arrays are contiguous and writable."""

    images: NDArray[np.uint8]
    """(n, channels, height, width), 0 to 255: 1 channel of grey, or 3 of red, green and blue."""
    labels: NDArray[np.int64]
    """(n,): an index into the set's classes."""


@dataclass(frozen=True)
class LabelledImages:
    """A data set of pictures with a class each."""

    name: str
    """As `limner data` has it, such as `cifar10`."""
    title: str
    """For tables and records: `CIFAR-10`, or `CIFAR-10 (JPEG copy)` where it is not the original."""
    train: Split
    test: Split
    """To be measured on, never to be trained on, nor to choose anything by."""
    classes: tuple[str, ...]
    note: str
    """What distinguishes this copy from the original, such as `JPEG copy`; empty for the original."""
    sha256: str
    """One digest of all pictures and labels: two records with the same one are of the same data."""


def load_labelled(name: LabelledName, folder: Path | None = None) -> LabelledImages:
    """The data set `name` as `limner data` keeps it, in memory; its bytes are compared with their sha256.

    `folder` holds all data sets; None stands for the user's (`limner.data.datasets.location`). Raises
    LimnerError with a sentence where the set is not there, or damaged.
    """
    stored = read_stored(name, folder)
    arrays = {
        key: stored.array(key) for key in ("train-images", "train-labels", "test-images", "test-labels")
    }
    note = stored.about.note
    return LabelledImages(
        name=name,
        title=f"{stored.about.title} ({note})" if note else stored.about.title,
        train=Split(arrays["train-images"], arrays["train-labels"].astype(np.int64)),
        test=Split(arrays["test-images"], arrays["test-labels"].astype(np.int64)),
        classes=stored.about.classes,
        note=note,
        sha256=stored.about.sha256,
    )
