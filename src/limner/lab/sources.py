"""The examples of each task: from the data sets on this machine, or drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from limner.data.datasets.cars import load_cars
from limner.data.datasets.catalog import LabelledName
from limner.data.datasets.drawn_digits import draw_digits
from limner.data.datasets.labelled import LabelledImages, Split, load_labelled
from limner.data.datasets.storage import find_stored
from limner.lab.examples import Examples, Part, hold_out
from limner.lab.options import TaskName
from limner.seeding import SHUFFLE, derive_generator

DATA_SETS: dict[TaskName, LabelledName] = {"digits": "mnist", "fashion": "fashion", "pictures": "cifar10"}

DRAWN_TRAIN, DRAWN_TEST = 6000, 1000
DRAWN_SEEDS = 0, 1
"""Of the training and the test digits."""
DRAWN_TITLE = "Drawn digits"


def load_examples(
    task: TaskName, folder: Path | None, message: Callable[[str], None], *, drawn: bool = False
) -> Examples:
    """The examples of a task; `folder` holds the data sets, None for the user's.

    Digits are drawn where MNIST is not on this machine, or where `drawn` asks for it; `message` is told so.
    Raises LimnerError with a sentence where another set is not there, or a set is damaged.
    """
    if task == "cars":
        return _cars(folder)
    if task == "digits" and (drawn or find_stored("mnist", folder) is None):
        if not drawn:
            message(
                "MNIST is not on this machine, so the digits are drawn: `limner data mnist` fetches it."
            )
        return replace(_labelled(drawn_digits()), options=("--drawn",))
    return _labelled(load_labelled(DATA_SETS[task], folder))


def drawn_digits() -> LabelledImages:
    """The drawn digits as a data set of MNIST's form."""
    counts = zip((DRAWN_TRAIN, DRAWN_TEST), DRAWN_SEEDS, strict=True)
    train, test = (Split(*draw_digits(count, seed)) for count, seed in counts)
    digest = hashlib.sha256()
    for split in (train, test):
        digest.update(split.images.tobytes() + split.labels.tobytes())
    return LabelledImages(
        name="drawn-digits",
        title=DRAWN_TITLE,
        train=train,
        test=test,
        classes=tuple("0123456789"),
        note="drawn by limner, not MNIST",
        sha256=digest.hexdigest(),
    )


def _labelled(found: LabelledImages) -> Examples:
    train, held_out = hold_out(torch.from_numpy(found.train.images), torch.from_numpy(found.train.labels))
    return Examples(
        train=train,
        held_out=held_out,
        test=Part(torch.from_numpy(found.test.images), torch.from_numpy(found.test.labels)),
        classes=found.classes,
        title=found.title,
        note=found.note,
        sha256=found.sha256,
    )


def _cars(folder: Path | None) -> Examples:
    """Horsepower and miles per gallon of the cars that have both; a fifth, by chance, is the test."""
    cars = load_cars(folder)
    rows = torch.from_numpy(cars.complete("horsepower", "mpg").astype(np.float32))
    order = torch.randperm(len(rows), generator=derive_generator(0, SHUFFLE))
    test, training = rows[order[: len(rows) // 5]], rows[order[len(rows) // 5 :]]
    train, held_out = hold_out(training[:, :1], training[:, 1:])
    return Examples(
        train=train,
        held_out=held_out,
        test=Part(test[:, :1], test[:, 1:]),
        classes=(),
        title="Cars",
        note=cars.note,
        sha256=cars.sha256,
    )
