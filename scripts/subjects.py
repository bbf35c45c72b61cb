"""Print how much sets of pictures vary and how far apart their groups are, as `checks/subjects.py` has it.

    python scripts/subjects.py flowers sunrise portraits garden
    python scripts/subjects.py sunrise+clouds

A set is a folder of pictures, a subject that limner draws, or several of either with `+` between them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import torch

from limner.data.checks.dataset import check_dataset
from limner.data.checks.subjects import MAX_PICTURES, Floats, measure_groups
from limner.data.synthetic.draw import draw
from limner.data.synthetic.subjects import Subject
from limner.networks.features import load_extractor

SIDE = 128


def features_of(sources: Sequence[str]) -> Floats:
    """Features (N, C) of pictures of all `sources`, evenly chosen."""
    with TemporaryDirectory(prefix="limner-") as folder:
        folders = [folder_of(source, Path(folder)) for source in sources]
        thumbnails = check_dataset(folders, pixels=SIDE).thumbnails
    squares = [thumbnail.square for thumbnail in thumbnails if thumbnail.square is not None]
    extract = load_extractor()
    return np.concatenate(
        [extract(square[None]) for square in squares[:: -(-len(squares) // MAX_PICTURES)]]
    )


def folder_of(source: str, work: Path) -> Path:
    """The folder of a source; what is drawn is drawn into `work`."""
    subject = next((subject for subject in get_args(Subject) if subject == source), None)
    if subject is None:
        return Path(source)
    (work / source).mkdir()
    for number, picture in enumerate(draw(subject, MAX_PICTURES, SIDE, seed=1)):
        picture.save(work / source / f"{number:03}.png")
    return work / source


def main(sets: Sequence[str]) -> None:
    torch.set_num_threads(1)
    for name in sets:
        variation, silhouette = measure_groups(features_of(name.split("+")))
        print(f"{name:24} variation {variation:.2f}  silhouette {silhouette:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
