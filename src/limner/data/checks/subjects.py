"""The subjects of a set of pictures, as groups of their features.

Features are those of a network that was trained to tell a thousand things apart. Their directions are
compared. Two figures say whether a set has one subject:

*Variation*: the mean squared distance to the mean direction, 0 for copies, up to 1 for pictures that have
nothing in common. *Silhouette* (Rousseeuw 1987) of the best k-means groups: how much nearer a picture is to
its own group than to the next one, from -1 to 1.

Measured in 2026-11 by `scripts/subjects.py`, which measures any set, on up to 200 pictures each. Only the
drawn sets are in this repo, then without brush strokes:

| set | variation | silhouette |
|---|---|---|
| portraits, cut alike | 0.04 | 0.18 |
| facades | 0.09 | 0.12 |
| drawn garden, sea, night | 0.10, 0.11, 0.11 | 0.13, 0.12, 0.21 |
| clouded skies | 0.16 | 0.11 |
| sunsets | 0.18 | 0.09 |
| sunflowers | 0.26 | 0.16 |
| daisies, dandelions, roses, tulips | 0.28, 0.29, 0.28, 0.30 | 0.17, 0.10, 0.09, 0.17 |
| sunsets and clouded skies | 0.25 | 0.29 |
| drawn garden and sea | 0.24 | 0.49 |
| sunsets and sunflowers | 0.31 | 0.26 |
| facades and sunflowers | 0.30 | 0.39 |
| daisies and tulips | 0.32 | 0.15 |
| flowers of five kinds | 0.32 | 0.10 |
| portraits, facades, sunsets, daisies, products | 0.38 | 0.43 |

Kinds of one thing, such as flowers, overlap: the features group them by framing as much as by kind, and
two kinds pass for one. Such groups are rough.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.intp]

FeatureExtractor = Callable[[npt.NDArray[np.uint8]], Floats]
"""RGB pictures (N, H, W, 3) to their features (N, C). This package knows no network: it is handed in."""

MAX_PICTURES = 200
"""Pictures that are looked at: enough for the figures, and a matter of seconds."""

MIN_PICTURES = 40
"""Below this number, groups are chance."""

MAX_SUBJECTS = 6

SEPARATE = 0.235
"""From this silhouette on, groups are subjects."""

SIMILAR = 0.15
"""Below this variation, groups are moods of one subject, however separate they are: nights."""

VARIED = 0.31
"""From this variation on, a set is no single subject, though its subjects may overlap."""

ONE_SUBJECT = 0.27
"""Variation of a varied subject: sets of overlapping subjects are grouped until groups have no more."""

MIN_SHARE = 0.05
"""A smaller group is a few strange pictures, and no subject."""

_EQUAL = 1e-9
"""Squared distances below this are rounding."""

_RUNS = 4
_ITERATIONS = 50


@dataclass(frozen=True)
class Subjects:
    """The subjects of a set, the largest first."""

    centres: Floats
    """(K, C): the mean direction of each."""
    labels: Labels
    """(N,): the subject of each picture, 0 to K - 1."""
    is_separate: bool
    """Whether subjects are far apart; others overlap, and their groups are rough."""

    examples: tuple[int, ...]
    """The picture that is nearest to the centre of each."""

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of the pictures that each subject has, 0..1."""
        return tuple((np.bincount(self.labels) / len(self.labels)).tolist())

    def assign(self, features: Floats) -> Labels:
        """The subjects (M,) of further pictures with `features` (M, C)."""
        return np.asarray(_squared_distances(_normalize(features), self.centres).argmin(axis=1))


def find_subjects(features: Floats) -> Subjects | None:
    """The subjects of pictures with `features` (N, C); None for too few pictures to tell.

    The same features give the same subjects.
    """
    if len(features) < MIN_PICTURES:
        return None
    directions = _normalize(np.asarray(features, np.float64))
    single = np.zeros(len(directions), np.intp)
    variation = _variation(directions, single)
    if variation < SIMILAR:
        return _describe(directions, single, is_separate=True)
    groupings = _group(directions)
    silhouette, best = _best_grouping(directions, groupings)
    if silhouette >= SEPARATE:
        return _describe(directions, best, is_separate=True)
    if variation < VARIED:
        return _describe(directions, single, is_separate=True)
    enough = (labels for labels in groupings if _variation(directions, labels) <= ONE_SUBJECT)
    return _describe(directions, next(enough, groupings[-1]), is_separate=False)


def measure_groups(features: Floats) -> tuple[float, float]:
    """Variation and silhouette of pictures with `features` (N, C), on which `find_subjects` decides."""
    directions = _normalize(np.asarray(features, np.float64))
    variation = _variation(directions, np.zeros(len(directions), np.intp))
    return variation, _best_grouping(directions, _group(directions))[0]


def _group(directions: Floats) -> list[Labels]:
    """The pictures in two groups, in three, and so on."""
    return [_k_means(directions, count) for count in range(2, MAX_SUBJECTS + 1)]


def _best_grouping(directions: Floats, groupings: list[Labels]) -> tuple[float, Labels]:
    """The highest silhouette and its groups, of those without a group of a few strange pictures."""
    smallest = MIN_SHARE * len(directions)
    fair = [labels for labels in groupings if np.bincount(labels).min() >= smallest]
    measured = [(_silhouette(directions, labels), labels) for labels in fair]
    return max(measured, key=lambda pair: pair[0], default=(-1.0, groupings[0]))


def _normalize(features: Floats) -> Floats:
    """Features as directions: their lengths say little about the subject."""
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def _describe(directions: Floats, labels: Labels, *, is_separate: bool) -> Subjects:
    """The groups as subjects, the largest first."""
    by_size = np.argsort(-np.bincount(labels), kind="stable")
    centres = np.stack([directions[labels == label].mean(axis=0) for label in by_size])
    examples = _squared_distances(directions, centres).argmin(axis=0)
    return Subjects(centres, np.argsort(by_size)[labels], is_separate, tuple(examples.tolist()))


def _variation(directions: Floats, labels: Labels) -> float:
    """The mean squared distance of pictures to the centres of their groups."""
    centres = np.stack([directions[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    return float(np.mean(np.sum((directions - centres[labels]) ** 2, axis=1)))


def _silhouette(directions: Floats, labels: Labels) -> float:
    """The mean silhouette of all pictures (Rousseeuw 1987): 0 for a picture that is its own group."""
    distances = np.sqrt(_squared_distances(directions, directions))
    members = np.eye(labels.max() + 1)[labels]
    counts = members.sum(axis=0)
    everyone = np.arange(len(labels))
    # A picture does not count in its own group.
    others = counts - members
    means = distances @ members / np.maximum(others, 1)
    own = means[everyone, labels]
    means[everyone, labels] = np.inf
    nearest = means.min(axis=1)
    values = (nearest - own) / np.maximum(np.maximum(nearest, own), _EQUAL)
    return float(np.mean(np.where(counts[labels] > 1, values, 0)))


def _k_means(directions: Floats, count: int) -> Labels:
    """The labels (N,) of the best of a few runs of Lloyd's algorithm from k-means++ centres."""
    runs = [_lloyd(directions, _spread_centres(directions, count, seed)) for seed in range(_RUNS)]
    return min(runs, key=lambda labels: _variation(directions, labels))


def _spread_centres(directions: Floats, count: int, seed: int) -> Floats:
    """Pictures far from each other, drawn as k-means++ does (Arthur and Vassilvitskii 2007)."""
    rng = np.random.default_rng((count, seed))
    centres = directions[rng.integers(len(directions), size=1)]
    while len(centres) < count:
        distances = _squared_distances(directions, centres).min(axis=1)
        if distances.sum() < _EQUAL:
            break  # there are fewer different pictures than centres
        chosen = rng.choice(len(directions), p=distances / distances.sum())
        centres = np.concatenate([centres, directions[chosen, None]])
    return centres


def _lloyd(directions: Floats, centres: Floats) -> Labels:
    labels = _squared_distances(directions, centres).argmin(axis=1)
    for _ in range(_ITERATIONS):
        centres = np.stack(
            [
                directions[labels == at].mean(axis=0) if (labels == at).any() else centre
                for at, centre in enumerate(centres)
            ]
        )
        moved = _squared_distances(directions, centres).argmin(axis=1)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return np.unique(labels, return_inverse=True)[1]


def _squared_distances(rows: Floats, columns: Floats) -> Floats:
    """(N, C) and (M, C) to (N, M)."""
    squares = np.sum(rows**2, axis=1)[:, None] + np.sum(columns**2, axis=1)
    return np.asarray(np.maximum(squares - 2 * rows @ columns.T, 0))
