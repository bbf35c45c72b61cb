"""Drawn digits are the same for a seed, differ between seeds, and look like digits of MNIST's format."""

from __future__ import annotations

import numpy as np

from limner.data.datasets.drawn_digits import CHUNK, draw_digits


def test_a_seed_gives_the_same_digits() -> None:
    first, again, other = (draw_digits(30, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_pictures_have_mnist_s_format() -> None:
    pictures, labels = draw_digits(CHUNK + 7, 0)
    assert pictures.shape == (CHUNK + 7, 1, 28, 28)
    assert pictures.dtype == np.uint8
    assert labels.tolist() == [at % 10 for at in range(CHUNK + 7)]
    assert draw_digits(0, 0)[0].shape == (0, 1, 28, 28)


def test_digits_are_white_on_black_and_lie_within_the_picture() -> None:
    pictures, _ = draw_digits(300, 0)
    ink = pictures[:, 0].astype(float) / 255
    assert np.all(ink.max(axis=(1, 2)) > 0.7)
    assert np.all((ink.mean(axis=(1, 2)) > 0.03) & (ink.mean(axis=(1, 2)) < 0.4))
    border = np.concatenate([ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]], axis=1)
    assert (border.max(axis=1) > 0.2).mean() < 0.02


def test_no_two_digits_of_a_set_are_equal() -> None:
    pictures, _ = draw_digits(500, 3)
    assert len(np.unique(pictures.reshape(500, -1), axis=0)) == 500
