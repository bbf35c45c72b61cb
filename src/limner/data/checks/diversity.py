"""How varied a set of pictures is, in two figures that were tried on sets whose results are known.

*Effective number of pictures*: the Vendi score (Friedman and Dieng, 2023), exp of the entropy of the
eigenvalues of a similarity matrix; here the similarity is exp(-d^2 / 2 s^2) of the root mean square
difference d of 8 x 8 RGB thumbnails with s = 0.1. Copies of one picture count as 1, n quite different
ones as n.

*Told colour*: how much of the colour can be guessed from the grey and soft picture, which is all that
the network is shown. Kernel ridge regression from 8 x 8 grey to 8 x 8 colour differences, each picture
guessed from all others; 1 is a perfect guess, 0 no better than the mean colour of the set, below 0
worse: neighbours in brightness then have colours of their own, and a network paints brown.

Measured once, 2026-11, on 300 pictures each (100 frames of a video) of sets that are not in this repo:

| set | effective | told colour |
|---|---|---|
| sunsets | 183 of 300 | 0.28 |
| clouded skies | 135 of 300 | 0.20 |
| flowers of five kinds | 237 of 300 | -0.21 |
| portraits, cut alike | 62 of 300 | 0.41 |
| CIFAR-10, ten subjects | 227 of 300 | -0.30 |
| timelapse of a flower | 4.2 of 100 | 0.99 |
| an object turned before a camera | 4.3 of 100 | 0.94 |
| water, camera in the hand | 1.1 of 90 | 0.53 |
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from limner.data.checks.thumbnails import Thumbnail

Floats = npt.NDArray[np.float64]

MAX_THUMBNAILS = 300
"""Pictures that are compared with each other: enough, and a matrix of this size takes no time."""

_WIDTH = 0.1
_GREY_WIDTH = 0.15
_RIDGE = 0.1


def vendi_score(thumbnails: Sequence[Thumbnail]) -> float:
    """Effective number of pictures (Friedman and Dieng 2023) among up to `MAX_THUMBNAILS`; 0 for none."""
    if not thumbnails:
        return 0.0
    chosen = _spread(thumbnails)
    colours = np.stack([_coarse(t.layout).ravel() for t in chosen])
    eigenvalues = np.linalg.eigvalsh(_similarity(colours, _WIDTH) / len(chosen))
    positive = eigenvalues[eigenvalues > 1e-12]
    return float(np.exp(-np.sum(positive * np.log(positive))))


def colour_predictability(thumbnails: Sequence[Thumbnail]) -> float:
    """The part of the colour's variance that grey tells, at most 1; 1 for pictures without colour."""
    chosen = _spread(thumbnails)
    grey = np.stack([_coarse(t.grey[..., None]).ravel() for t in chosen])
    colour = np.stack([_coarse(t.layout - t.grey[..., None]).ravel() for t in chosen])
    colour = colour - colour.mean(axis=0)
    spread = float(np.sum(colour**2))
    if spread / colour.size < 1e-6:
        return 1.0
    kernel = _similarity(grey, _GREY_WIDTH)
    hat = kernel @ np.linalg.inv(kernel + _RIDGE * np.eye(len(kernel)))
    # The error of a guess that leaves the picture itself out, in closed form.
    errors = (colour - hat @ colour) / np.maximum(1 - np.diag(hat), 1e-9)[:, None]
    return 1 - float(np.sum(errors**2)) / spread


def _spread(thumbnails: Sequence[Thumbnail]) -> list[Thumbnail]:
    """At most `MAX_THUMBNAILS`, evenly spaced: neighbours in a folder or a video are often alike."""
    count = min(len(thumbnails), MAX_THUMBNAILS)
    return [thumbnails[at * len(thumbnails) // count] for at in range(count)]


def _coarse(layout: npt.NDArray[np.float32]) -> Floats:
    """(16, 16, C) -> (8, 8, C) by means of 2 x 2."""
    high, wide, channels = layout.shape
    blocks = layout.astype(np.float64).reshape(high // 2, 2, wide // 2, 2, channels)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _similarity(rows: Floats, width: float) -> Floats:
    """(N, D) -> (N, N): a Gaussian of the root mean square difference."""
    norms = np.mean(rows**2, axis=1)
    squares = norms[:, None] + norms[None, :] - 2 * (rows @ rows.T) / rows.shape[1]
    return np.asarray(np.exp(-np.maximum(squares, 0) / (2 * width**2)))
