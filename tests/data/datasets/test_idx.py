"""MNIST's file format: what is written is read, and damage is told."""

from __future__ import annotations

import re

import numpy as np
import pytest

from limner.data.datasets.idx import read_idx, write_idx


@pytest.mark.parametrize("shape", [(5,), (0,), (2, 3), (4, 3, 2), (2, 1, 4, 5)])
def test_what_is_written_is_read(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    read = read_idx(write_idx(array))
    assert read.dtype == np.uint8 and read.shape == shape and np.array_equal(read, array)


def test_the_header_is_mnists() -> None:
    header = write_idx(np.zeros((60_000, 28, 28), np.uint8)[:2])[:16]
    assert header == bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "does not begin as an idx file"),
        (b"\x1f\x8b\x08\x00", "does not begin as an idx file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "of type 13 on 1 axes"),
        (b"\0\0\x08\x00", "of type 8 on 0 axes"),
        (b"\0\0\x08\x09" + bytes(36), "of type 8 on 9 axes"),
        (b"\0\0\x08\x02\0\0\0\x01", "ends within its header"),
        (b"\0\0\x08\x01\0\0\0\x03ab", "its header says 3 numbers, but it has 2"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", "its header says 3 numbers, but it has 4"),
        (b"\0\0\x08\x04" + b"\xff" * 16, "numbers, but it has 0"),
    ],
)
def test_other_files_are_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_idx(content)


def test_other_arrays_are_refused() -> None:
    for array in (np.zeros(3), np.zeros((), np.uint8), np.zeros((1,) * 5, np.uint8)):
        with pytest.raises(ValueError, match="has no idx file"):
            write_idx(array)
