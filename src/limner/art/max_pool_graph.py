"""Max pooling as ONNX nodes, forward and back, written with operators that run forward.

The windows are those of SqueezeNet: 3 x 3 at every second place, the last of which may reach beyond the
border. Each window's gradient goes to its first largest value, as in torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.art.graph_writer import GraphWriter

POOL, STRIDE = 3, 2


@dataclass(frozen=True)
class PoolValues:
    """A max pool that ran: its values' names and sides."""

    input: str
    input_side: int
    output: str
    side: int


def pool(writer: GraphWriter, image: str, input_side: int) -> PoolValues:
    """The largest value of each window of square maps (1, C, side, side) without negative values."""
    side = -(-(input_side - POOL) // STRIDE) + 1
    output = writer.add("MaxPool", image, kernel_shape=[POOL, POOL], strides=[STRIDE, STRIDE], ceil_mode=1)
    return PoolValues(image, input_side, output, side)


def unpool(writer: GraphWriter, pooled: PoolValues, gradient: str) -> str:
    """The gradient by the pool's input, of that by its output, added up where windows overlap.

    Windows begin at even places, so values at odd rows are in one window, those at even rows in two: the
    four kinds of places are added up apart and interleaved by DepthToSpace.
    """
    taken = _share_out(writer, pooled, gradient)
    kinds = [_add_taps(writer, taken, down, right) for down in (0, 1) for right in (0, 1)]
    spread = writer.add("DepthToSpace", writer.add("Concat", *kinds, axis=1), blocksize=STRIDE)
    return write_slice(writer, spread, [2, 3], [0, 0], [pooled.input_side] * 2)


def write_slice(
    writer: GraphWriter,
    value: str,
    axes: Sequence[int],
    begin: Sequence[int],
    end: Sequence[int],
    *,
    stride: int = 1,
) -> str:
    """A part of a value, along some axes."""
    parts = map(writer.integers, (begin, end, axes, [stride] * len(axes)))
    return writer.add("Slice", value, *parts)


def _share_out(writer: GraphWriter, pooled: PoolValues, gradient: str) -> dict[tuple[int, int], str]:
    """The gradient of each window at its first largest value: for each place in a window, (1, C, h, w)."""
    side = pooled.side
    beyond = STRIDE * (side - 1) + POOL - pooled.input_side
    padded = pooled.input
    if beyond:
        # Below all that ReLU gives, so that no window's largest value is beyond the border.
        minus_one = writer.constant("minus_one", -1.0)
        padded = writer.add("Pad", padded, writer.integers([0, 0, 0, 0, 0, 0, beyond, beyond]), minus_one)
    taken: dict[tuple[int, int], str] = {}
    left = writer.constant("one", 1.0)
    for row in range(POOL):
        for column in range(POOL):
            ends = [place + STRIDE * (side - 1) + 1 for place in (row, column)]
            tap = write_slice(writer, padded, [2, 3], [row, column], ends, stride=STRIDE)
            is_less = writer.add("Sign", writer.add("Sub", pooled.output, tap))
            before, left = left, writer.add("Mul", left, is_less)
            taken[row, column] = writer.add("Mul", writer.add("Sub", before, left), gradient)
    return taken


def _add_taps(writer: GraphWriter, taken: dict[tuple[int, int], str], down: int, right: int) -> str:
    """The sum at places of one kind, odd (1) or even (0) in each direction; one more than windows."""
    parts = []
    for row in (1,) if down else (0, 2):
        for column in (1,) if right else (0, 2):
            top, before = row // 2, column // 2
            pads = writer.integers([0, 0, top, before, 0, 0, 1 - top, 1 - before])
            parts.append(writer.add("Pad", taken[row, column], pads))
    total = parts[0]
    for part in parts[1:]:
        total = writer.add("Add", total, part)
    return total
