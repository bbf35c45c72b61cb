"""CIFAR-10's binary version: records of one byte for the class and 3072 for the picture.

The picture is 1,024 bytes of red, then green, then blue, row by row:
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE


def read_batches(batches: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pictures, (n, 3, 32, 32), and their classes, (n,), of files in this format, in order.

    Raises ValueError where a file is not a whole number of records.
    """
    for batch in batches:
        if len(batch) % RECORD:
            raise ValueError(f"{len(batch)} bytes are not a whole number of records of {RECORD} bytes")
    records = np.frombuffer(b"".join(batches), np.uint8).reshape(-1, RECORD)
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE), records[:, 0]
