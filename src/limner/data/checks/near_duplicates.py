"""Near-duplicates among the pictures of a data set.

Two pictures are near-duplicates if their perceptual hashes differ in at most `NEAR_BITS` of 63 bits and
their thumbnails by at most `NEAR_COLOUR`. Neither alone is enough: on sunsets, which all shade from
top to bottom, and on portraits cut alike, hashes agree within 8 bits for many pairs of different pictures.
(Checked by eye once, 2026-11: the hash alone gives 35 pairs among 357 sunsets and 527 among 300 portraits;
both together give 25 and 0, and those are copies at another size or compression.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner.data.checks.thumbnails import Thumbnail

NEAR_BITS = 8
"""Largest number of bits, of 63, in which the hashes of near-duplicates differ."""


NEAR_COLOUR = 0.05
"""Largest root mean square difference between the thumbnails of near-duplicates, in 0..1."""


def near_duplicates(thumbnails: Sequence[Thumbnail]) -> list[list[int]]:
    """Groups of two or more pictures that are nearly the same: indices, in order."""
    parent = list(range(len(thumbnails)))
    if not parent:
        return []
    codes = np.stack([t.code for t in thumbnails])
    layouts = np.stack([t.layout.ravel() for t in thumbnails])
    for index in range(1, len(thumbnails)):
        candidates = np.flatnonzero((codes[:index] != codes[index]).sum(axis=1) <= NEAR_BITS)
        distances = np.sqrt(np.mean((layouts[candidates] - layouts[index]) ** 2, axis=1))
        for match in candidates[distances <= NEAR_COLOUR]:
            _union(parent, index, int(match))
    groups: dict[int, list[int]] = {}
    for index in range(len(thumbnails)):
        groups.setdefault(_find_root(parent, index), []).append(index)
    return [group for group in groups.values() if len(group) > 1]


def _find_root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


def _union(parent: list[int], first_index: int, second_index: int) -> None:
    root, child = sorted((_find_root(parent, first_index), _find_root(parent, second_index)))
    parent[child] = root
