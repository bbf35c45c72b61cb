"""Writes one filter of a look: its function, and what the look's metadata say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from onnx import FunctionProto

from limner.export.function_writer import FunctionWriter
from limner.live import ELAPSED, LiveInput
from limner.look.filters import FILTERED
from limner.look.metadata import FILTER_DOMAIN, Filter, FilterState

RATE = 60
"""The frames a second for which shares are given: stillness 0.8 keeps 0.8 of the last painting at 60."""

MIN_KEPT = 1e-6
"""The least share that is raised to a power."""


@dataclass(frozen=True)
class Value:
    """A value of the look that filters read: (1, C, H, W)."""

    name: str
    shape: tuple[int, ...]

    @property
    def channels(self) -> int:
        """C."""
        return self.shape[1]

    @property
    def side(self) -> int:
        """H; looks are square."""
        return self.shape[2]


@dataclass
class FilterWriter:
    """A filter in the making."""

    name: str
    live: LiveInput
    is_switch: bool = False
    writer: FunctionWriter = field(default_factory=FunctionWriter)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    state: dict[str, FilterState] = field(default_factory=dict)

    def read(self, name: str) -> str:
        """A value of the look, or a live input."""
        if name not in self.inputs:
            self.inputs.append(name)
        return name

    def strength(self) -> str:
        """The filter's own live input."""
        return self.read(self.name)

    def replace(self, value: Value) -> str:
        """The name of the output that replaces a value of the look."""
        self.read(value.name)
        self.outputs.append(value.name + FILTERED)
        return value.name + FILTERED

    def mix(self, value: Value, other: str) -> None:
        """Replace a value by its mixture with `other`, as far as the live input says."""
        add = self.writer.add
        part = add("Mul", self.strength(), add("Sub", other, value.name))
        add("Add", value.name, part, out=self.replace(value))

    def keep(self, name: str, shape: Sequence[int], following: str = "") -> tuple[str, str]:
        """State: its name, and that of its next value, which is a value of the look or else an output."""
        kept = f"{self.name}.{name}"
        self.inputs.append(kept)
        after = following or f"{kept}.next"
        if not following:
            self.outputs.append(after)
        self.state[kept] = FilterState(after, tuple(shape))
        return kept, after

    def share_kept(self) -> str:
        """The live input, a share that is kept for each frame at `RATE`, for the elapsed seconds."""
        add = self.writer.add
        return add(
            "Pow", add("Max", self.strength(), MIN_KEPT), add("Mul", self.read(ELAPSED), float(RATE))
        )

    def shrink(self, name: str, side: int, to: int) -> str:
        """Means of squares, of a picture (1, C, `side`, `side`)."""
        if to == side:
            return name
        size = [side // to] * 2
        return self.writer.add("AveragePool", name, kernel_shape=size, strides=size)

    def enlarge(self, name: str, side: int, to: int) -> str:
        """A picture (1, C, `side`, `side`), interpolated."""
        if to == side:
            return name
        scales = self.writer.constant(np.array([1, 1, to / side, to / side], np.float32))
        return self.writer.add("Resize", name, "", scales, mode="linear")

    def function(self) -> FunctionProto:
        """The function that the look's file has."""
        return self.writer.function(FILTER_DOMAIN, self.name, self.inputs, self.outputs)

    def metadata(self) -> Filter:
        """What the look's metadata say."""
        return Filter(self.live, self.is_switch, self.state)
