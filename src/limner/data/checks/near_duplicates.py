"""Near-duplicates among the pictures of a data set.

Two pictures are near-duplicates if their perceptual hashes differ in at most `NEAR_BITS` of 63 bits and
their thumbnails by at most `NEAR_COLOUR`. Either alone is not enough: on sunsets, which all shade from
top to bottom, and on portraits cut alike, hashes agree within 8 bits for many pairs of different pictures.
(Looked at by eye once, 2026-11: 35 pairs among 357 sunsets and 527 among 300 portraits; with both, 25 and
0 are left, and those are copies at another size or compression.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner.data.checks.thumbnails import Thumbnail

NEAR_BITS = 8
"""Most bits, of 63, in which the hashes of near-duplicates differ."""


NEAR_COLOUR = 0.05
"""Largest root mean square difference of near-duplicates, of 0..1."""


def near_duplicates(thumbnails: Sequence[Thumbnail]) -> list[list[int]]:
    """Groups of two or more that are nearly the same picture: indices, in order."""
    leader = list(range(len(thumbnails)))
    if not leader:
        return []
    codes = np.stack([t.code for t in thumbnails])
    layouts = np.stack([t.layout.ravel() for t in thumbnails])
    for index in range(1, len(thumbnails)):
        alike = np.flatnonzero((codes[:index] != codes[index]).sum(axis=1) <= NEAR_BITS)
        apart = np.sqrt(np.mean((layouts[alike] - layouts[index]) ** 2, axis=1))
        for other in alike[apart <= NEAR_COLOUR]:
            _join(leader, index, int(other))
    groups: dict[int, list[int]] = {}
    for index in range(len(thumbnails)):
        groups.setdefault(_leader_of(leader, index), []).append(index)
    return [group for group in groups.values() if len(group) > 1]


def _leader_of(leader: list[int], index: int) -> int:
    while leader[index] != index:
        leader[index] = leader[leader[index]]
        index = leader[index]
    return index


def _join(leader: list[int], one: int, other: int) -> None:
    first, second = sorted((_leader_of(leader, one), _leader_of(leader, other)))
    leader[second] = first
