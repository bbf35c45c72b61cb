"""The idx format of MNIST: arrays of bytes with a header of their shape.

Two zero bytes, the type (8 for unsigned bytes), the number of axes, then each length as 32 bits, the
highest byte first, then the numbers in C order: http://yann.lecun.com/exdb/mnist/ (at the end of the
page).
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

UINT8 = 8
"""The format's number for unsigned bytes, the only type that MNIST and its kin use."""

MAX_AXES = 4


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """The array of an idx file of unsigned bytes, at most four axes; read-only.

    Raises ValueError with the reason where it is no such file, or not of the length that its header says.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise ValueError("it does not begin as an idx file does")
    kind, axes = content[2], content[3]
    if kind != UINT8 or not 1 <= axes <= MAX_AXES:
        raise ValueError(
            f"its numbers are of type {kind} on {axes} axes, not unsigned bytes on 1 to {MAX_AXES}"
        )
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError("it ends within its header")
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) != start + math.prod(shape):
        raise ValueError(f"its header says {math.prod(shape)} numbers, but it has {len(content) - start}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def write_idx(array: NDArray[Any]) -> bytes:
    """The idx file of an array of uint8 with one to four axes. Raises ValueError for any other array."""
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MAX_AXES:
        raise ValueError(
            f"an array of {array.dtype} on {array.ndim} axes has no idx file of unsigned bytes"
        )
    return bytes([0, 0, UINT8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
